key = secret("secret", "a secret of the bitbucket-server test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Event-Key": "repo:refs_changed",
    "X-Request-Id": "7f2c1c04",
    "X-Hub-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "repo:refs_changed", "id": "7f2c1c04"}])
challenged("the connection is tested", headers={"X-Event-Key": "diagnostics:ping"}, body='{"test": true}')
