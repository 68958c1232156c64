key = secret("secret", "asdf1234")
body = '{"event_id":"6a8f5f28-54a1-4eb0-a98a-3111513fd4fc","type":"payment.created","note":"Grüße"}'
signature = b64(hmac("sha256", key, "https://hooks.example.com/in/square", body))
accepted(
    "a payment", signature, {"x-square-hmacsha256-signature": signature}, body,
    events=[{"type": "payment.created", "id": "6a8f5f28-54a1-4eb0-a98a-3111513fd4fc"}],
)
