key = secret("secret", "a secret of the pusher test")
body = '{"events":[{"name":"message.delivered"}],"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Pusher-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "message.delivered"}])
