key = secret("secret", "a secret of the acuity test")
body = "action=scheduled&id=1&calendarID=1&note=" + form({"": "Grüße"})[1:]
signature = b64(hmac("sha256", key, body))
headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "X-Acuity-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "scheduled"}])
