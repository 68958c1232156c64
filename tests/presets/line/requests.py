key = secret("secret", "a secret of the line test")
body = '{"events":[{"type":"message","webhookEventId":"01FZ74A0TD"}],"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "x-line-signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "message", "id": "01FZ74A0TD"}])
