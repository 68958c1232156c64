key = secret("secret", "a secret of the rootly test")
timestamp = at()
body = '{"event":{"type":"alert.triggered","id":"7f2c1c04"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, body))
headers = {
    "X-Rootly-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "alert.triggered", "id": "7f2c1c04"}],
)
