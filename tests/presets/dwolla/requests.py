key = secret("secret", "a secret of the dwolla test")
body = '{"id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Dwolla-Topic": "transfer.completed",
    "X-Request-Signature-SHA-256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "transfer.completed", "id": "7f2c1c04"}])
