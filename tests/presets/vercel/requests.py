key = secret("secret", "a secret of the vercel test")
body = '{"type":"deployment.created","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "x-vercel-signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "deployment.created", "id": "7f2c1c04"}])
