key = secret("secret", "a secret of the gogs test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Gogs-Event": "push",
    "X-Gogs-Delivery": "7f2c1c04",
    "X-Gogs-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "push", "id": "7f2c1c04"}])
