key = secret("secret", "a secret of the acuity test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Acuity-Signature": signature,
}
accepted("a delivery", signature, headers, body)
