key = secret("secret", "a secret of the cashfree test")
body = '{"type":"PAYMENT_SUCCESS_WEBHOOK","data":{"note":"Grüße"}}'
signature = b64(hmac("sha256", key, at(), body))
headers = {"x-webhook-timestamp": at(), "x-idempotency-key": "7f2c1c04", "x-webhook-signature": signature}
accepted(
    "a payment", signature, headers, body, events=[{"type": "PAYMENT_SUCCESS_WEBHOOK", "id": "7f2c1c04"}],
)
