key = secret("secret", "a secret of the circleback test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "x-signature": signature,
}
accepted("a delivery", signature, headers, body)
