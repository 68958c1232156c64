key = secret("secret", "a secret of the uber test")
body = '{"event_type":"something.happened","event_id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Uber-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened", "id": "7f2c1c04"}])
