key = secret("secret", "a secret of the firecrawl test")
body = '{"type":"task.completed","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Firecrawl-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.completed"}])
