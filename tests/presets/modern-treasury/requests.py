key = secret("secret", "a secret of the modern-treasury test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Topic": "transfer.completed",
    "X-Event-ID": "7f2c1c04",
    "X-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "transfer.completed", "id": "7f2c1c04"}])
