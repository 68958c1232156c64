key = secret("secret", "a secret of the checkr test")
body = '{"type":"check.completed","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Checkr-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "check.completed", "id": "7f2c1c04"}])
