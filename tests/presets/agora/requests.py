key = secret("secret", "a secret of the agora test")
body = '{"noticeId":"2000001428:4330:107","eventType":101,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Agora-Signature-V2": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "101", "id": "2000001428:4330:107"}])
