key = secret("secret", "a secret of the lemon-squeezy test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Event-Name": "payment.succeeded",
    "X-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded"}])
