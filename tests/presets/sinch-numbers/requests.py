key = secret("secret", "a secret of the sinch-numbers test")
body = '{"eventType":"message.received","eventId":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "X-Sinch-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "message.received", "id": "7f2c1c04"}])
