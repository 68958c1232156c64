key = secret("secret", "a secret of the sanity test")
timestamp = at() * 1000
body = '{"id":7,"note":"Grüße"}'
signature = b64url(hmac("sha256", key, timestamp, ".", body))
headers = {
    "sanity-operation": "entry.published",
    "idempotency-key": "7f2c1c04",
    "sanity-webhook-signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "entry.published", "id": "7f2c1c04"}],
)
