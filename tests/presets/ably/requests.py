key = secret("secret", "a secret of the ably test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Ably-Signature": signature,
}
accepted("a delivery", signature, headers, body)
