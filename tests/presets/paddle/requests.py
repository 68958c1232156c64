key = secret("secret", "a secret of the paddle test")
timestamp = at()
body = '{"event_type":"payment.succeeded","event_id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ":", body))
headers = {
    "Paddle-Signature": f"ts={timestamp};h1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "payment.succeeded", "id": "7f2c1c04"}],
)
