key = secret("secret", "a secret of the chatwoot test")
timestamp = at()
body = '{"event":"message_created","id":7,"content":"Grüße"}'
signature = hex(hmac("sha256", key, f"{timestamp}.{body}"))
headers = {"X-Chatwoot-Signature": "sha256=" + signature, "X-Chatwoot-Timestamp": timestamp, "X-Chatwoot-Delivery": "7f2c1c04"}
accepted("a message", signature, headers, body, timed=True, events=[{"type": "message_created", "id": "7f2c1c04"}])
