key = secret("secret", "a secret of the podium test")
timestamp = at() * 1000
body = '{"metadata":{"event_type":"message.received","eventUid":"7f2c1c04"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "podium-timestamp": timestamp,
    "podium-signature": signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "message.received", "id": "7f2c1c04"}],
)
