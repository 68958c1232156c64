key = secret("secret", "a secret of the onfido test")
body = '{"payload":{"action":"check.completed"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-SHA2-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "check.completed"}])
