key = secret("secret", "a secret of the line test")
body = '{"events":[{"type":"something.happened"}],"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "x-line-signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened"}])
