key = secret("secret", "a secret of the fastspring test")
body = '{"events":[{"type":"payment.succeeded","id":"7f2c1c04"}],"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-FS-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded", "id": "7f2c1c04"}])
