key = secret("secret", "a secret of the viber test")
body = '{"event":"something.happened","message_token":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Viber-Content-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened", "id": "7f2c1c04"}])
