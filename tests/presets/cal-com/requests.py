key = secret("secret", "a secret of the cal-com test")
body = '{"triggerEvent":"booking.created","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Cal-Signature-256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "booking.created"}])
