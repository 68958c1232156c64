key = secret("secret", "a secret of the firecrawl test")
body = '{"type":"task.completed","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Firecrawl-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.completed", "id": "7f2c1c04"}])
