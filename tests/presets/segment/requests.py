key = secret("secret", "a secret of the segment test")
body = '{"type":"something.happened","messageId":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "X-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened", "id": "7f2c1c04"}])
