key = secret("secret", "a secret of the messagebird test, which is long enough")
url = "https://hooks.example.com/in/messagebird"
claims = {"iss": "MessageBird", "nbf": at(), "exp": at() + 60, "jti": "59a244dc", "url_hash": hex(digest("sha256", url))}
body = '{"id":7,"note":"Grüße"}'
token = jwt("sha256", key, {**claims, "payload_hash": hex(digest("sha256", body))})
accepted("with a body", token, {"MessageBird-Signature-JWT": token}, body, timed=True)
token = jwt("sha512", key, claims)
accepted("without a body", token, {"MessageBird-Signature-JWT": token}, method="GET", timed=True)
timestamp = at()
signature = b64(hmac("sha256", key, timestamp, "\n", "a=1&b=2", "\n", digest("sha256", body)))
headers = {"MessageBird-Request-Timestamp": timestamp, "MessageBird-Signature": signature}
accepted("as before", signature, headers, body, target="/in/messagebird?b=2&a=1", timed=True)
