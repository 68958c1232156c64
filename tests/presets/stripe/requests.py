key = secret("secret", "a secret of the stripe test")
timestamp = at()
body = '{"type":"invoice.paid","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Stripe-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "invoice.paid", "id": "7f2c1c04"}],
)
