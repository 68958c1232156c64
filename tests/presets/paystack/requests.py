key = secret("secret", "a secret of the paystack test")
body = '{"event":"payment.succeeded","note":"Grüße"}'
signature = hex(hmac("sha512", key, body))
headers = {
    "x-paystack-signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded"}])
