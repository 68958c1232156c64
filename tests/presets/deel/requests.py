key = secret("secret", "a secret of the deel test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, "POST", body))
headers = {
    "x-deel-signature": signature,
}
accepted("a delivery", signature, headers, body)
