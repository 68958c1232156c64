key = secret("secret", "a secret of the crisp test")
body = '{"website_id":"a1b2","event":"message:send","data":{"content":"Grüße"}}'
signature = hex(hmac("sha256", key, f"[1639490390215;{body}]"))
headers = {"X-Crisp-Signature": signature, "X-Crisp-Request-Timestamp": "1639490390215", "X-Delivery-ID": "7f2c1c04"}
accepted("a message", signature, headers, body, events=[{"type": "message:send", "id": "7f2c1c04"}])
