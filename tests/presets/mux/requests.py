key = secret("secret", "a secret of the mux test")
timestamp = at()
body = '{"type":"video.ready","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Mux-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "video.ready", "id": "7f2c1c04"}],
)
