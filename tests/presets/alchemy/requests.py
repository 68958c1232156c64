key = secret("secret", "a secret of the alchemy test")
body = '{"type":"transaction.confirmed","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Alchemy-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "transaction.confirmed", "id": "7f2c1c04"}])
