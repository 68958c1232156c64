key = secret("secret", "a secret of the quickbooks test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "intuit-signature": signature,
}
accepted("a delivery", signature, headers, body)
