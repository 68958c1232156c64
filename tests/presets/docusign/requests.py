key = secret("secret", "a secret of the docusign test")
body = '{"event":"envelope-completed","data":{"envelopeId":"7f2c1c04","note":"Grüße"}}'
signature = b64(hmac("sha256", key, body))
headers = {"X-DocuSign-Signature-1": signature}
accepted("with the first key", signature, headers, body, events=[{"type": "envelope-completed"}])
headers = {"X-DocuSign-Signature-1": b64(hmac("sha256", "another key", body)), "X-DocuSign-Signature-2": signature}
accepted("with the second key", signature, headers, body)
