key = secret("secret", "a secret of the bland test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Webhook-Signature": signature,
}
accepted("a delivery", signature, headers, body)
