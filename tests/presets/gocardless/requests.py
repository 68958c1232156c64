key = secret("secret", "a secret of the gocardless test")
body = '{"events":[{"id":"7f2c1c04"}],"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Webhook-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"id": "7f2c1c04"}])
