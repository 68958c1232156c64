key = secret("secret", "a secret of the chargify test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Chargify-Webhook-Id": "7f2c1c04",
    "X-Chargify-Webhook-Signature-Hmac-Sha-256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"id": "7f2c1c04"}])
