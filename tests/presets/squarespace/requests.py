key = secret("secret", "5f1d7a9c3b2e4f60718293a4b5c6d7e8")
body = '{"topic":"order.created","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", bytes.fromhex(key), body))
headers = {
    "Squarespace-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "order.created", "id": "7f2c1c04"}])
