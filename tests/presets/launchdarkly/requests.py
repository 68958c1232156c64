key = secret("secret", "a secret of the launchdarkly test")
body = '{"_id":"7f2c1c04","kind":"flag","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-LD-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "flag", "id": "7f2c1c04"}])
