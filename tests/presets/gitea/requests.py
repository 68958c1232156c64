key = secret("secret", "a secret of the gitea test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Gitea-Event": "push",
    "X-Gitea-Delivery": "7f2c1c04",
    "X-Gitea-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "push", "id": "7f2c1c04"}])
