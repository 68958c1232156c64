key = secret("secret", "a secret of the bolt test")
body = '{"type":"payment.succeeded","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Bolt-Hmac-Sha256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded"}])
