key = secret("secret", "a secret of the gusto test")
body = '{"uuid":"d62b2a5a","event_type":"company.updated","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
accepted(
    "a company", signature, {"X-Gusto-Signature": signature}, body,
    events=[{"type": "company.updated", "id": "d62b2a5a"}],
)
challenged("the subscription is made", body='{"verification_token":"abc","webhook_subscription_uuid":"d62b2a5a"}')
