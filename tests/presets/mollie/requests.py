key = secret("secret", "a secret of the mollie test")
body = '{"type":"payment.succeeded","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Mollie-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded"}])
