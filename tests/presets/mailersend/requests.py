key = secret("secret", "a secret of the mailersend test")
body = '{"type":"delivered","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "delivered"}])
