key = secret("secret", "a secret of the attio test")
body = '{"events":[{"event_type":"contact.updated"}],"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Idempotency-Key": "7f2c1c04",
    "Attio-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "contact.updated"}])
