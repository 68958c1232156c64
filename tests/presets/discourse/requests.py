key = secret("secret", "a secret of the discourse test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Discourse-Event": "topic_created",
    "X-Discourse-Event-Id": "7f2c1c04",
    "X-Discourse-Event-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "topic_created", "id": "7f2c1c04"}])
