key = secret("secret", "a secret of the lob test")
timestamp = at() * 1000
body = '{"event_type":{"id":"package.delivered"},"id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Lob-Signature-Timestamp": timestamp,
    "Lob-Signature": signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "package.delivered", "id": "7f2c1c04"}],
)
