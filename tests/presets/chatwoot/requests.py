key = secret("secret", "a secret of the chatwoot test")
timestamp = at()
body = '{"event":"ticket.created","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "X-Chatwoot-Delivery": "7f2c1c04",
    "X-Chatwoot-Timestamp": timestamp,
    "X-Chatwoot-Signature": "sha256=" + signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "ticket.created", "id": "7f2c1c04"}],
)
