key = secret("secret", "a secret of the netlify test")
body = '{"id":"5f1d7a9c","state":"ready","note":"Grüße"}'
token = jwt("sha256", key, {"iss": "netlify", "sha256": hex(digest("sha256", body))})
accepted("a deploy", token, {"X-Webhook-Signature": token}, body)
