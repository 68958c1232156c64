key = secret("secret", "a secret of the agora test")
body = '{"eventType":"message.received","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Agora-Signature-V2": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "message.received"}])
