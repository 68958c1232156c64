key = secret("secret", "an API key of the lago test")
body = '{"webhook_type":"invoice.created","object_type":"invoice","invoice":{"note":"Grüße"}}'
signature = b64(hmac("sha256", key, body))
headers = {"X-Lago-Signature": signature, "X-Lago-Signature-Algorithm": "hmac", "X-Lago-Unique-Key": "1a901a90"}
accepted("an invoice", signature, headers, body, events=[{"type": "invoice.created", "id": "1a901a90"}])
