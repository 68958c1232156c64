key = secret("secret", "a secret of the forgejo test")
body = '{"ref":"refs/heads/main","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {"X-Forgejo-Event": "push", "X-Forgejo-Delivery": "f6266f16", "X-Forgejo-Signature": signature}
accepted("a push", signature, headers, body, events=[{"type": "push", "id": "f6266f16"}])
