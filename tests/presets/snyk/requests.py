key = secret("secret", "a secret of the snyk test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Snyk-Event": "finding.created",
    "X-Snyk-Transport-ID": "7f2c1c04",
    "X-Hub-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "finding.created", "id": "7f2c1c04"}])
