key = secret("secret", "a secret of the chargify test")
body = "event=signup_success&id=1&note=" + form({"": "Grüße"})[1:]
signature = hex(hmac("sha256", key, body))
headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "X-Chargify-Webhook-Id": "7f2c1c04",
    "X-Chargify-Webhook-Signature-Hmac-Sha-256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "signup_success", "id": "7f2c1c04"}])
