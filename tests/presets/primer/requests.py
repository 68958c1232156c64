key = secret("secret", "a secret of the primer test")
body = '{"eventType":"payment.succeeded","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Signature-Primary": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded"}])
