key = secret("secret", "a secret of the calendly test")
timestamp = at()
body = '{"event":"booking.created","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Calendly-Webhook-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "booking.created"}],
)
