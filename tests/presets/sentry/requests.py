key = secret("secret", "a secret of the sentry test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Sentry-Hook-Resource": "issue",
    "Request-ID": "7f2c1c04",
    "Sentry-Hook-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "issue", "id": "7f2c1c04"}])
