key = secret("secret", "a secret of the survicate test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Hmac": signature,
}
accepted("a delivery", signature, headers, body)
