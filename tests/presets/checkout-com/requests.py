key = secret("secret", "a secret of the checkout-com test")
body = '{"type":"payment.succeeded","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Cko-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded", "id": "7f2c1c04"}])
