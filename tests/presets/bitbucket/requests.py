key = secret("secret", "a secret of the bitbucket test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Event-Key": "repo:push",
    "X-Request-UUID": "7f2c1c04",
    "X-Hub-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "repo:push", "id": "7f2c1c04"}])
