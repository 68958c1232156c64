key = secret("secret", "a secret of the coinbase-commerce test")
body = '{"event":{"type":"transaction.confirmed","id":"7f2c1c04"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-CC-Webhook-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "transaction.confirmed", "id": "7f2c1c04"}])
