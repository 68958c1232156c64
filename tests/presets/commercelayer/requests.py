key = secret("secret", "a secret of the commercelayer test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-CommerceLayer-Topic": "order.created",
    "X-CommerceLayer-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "order.created"}])
