key = secret("secret", "a secret of the ably test")
body = '{"items":[{"webhookId":"7f2c1c04"}],"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Ably-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"id": "7f2c1c04"}])
