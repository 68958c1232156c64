key = secret("secret", "a secret of the clickup test")
body = '{"event":"task.updated","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.updated"}])
