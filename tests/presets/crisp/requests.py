key = secret("secret", "a secret of the crisp test")
timestamp = at() * 1000
body = '{"event":"ticket.created","note":"Grüße"}'
signature = hex(hmac("sha256", key, "[", timestamp, ";", body, "]"))
headers = {
    "X-Delivery-ID": "7f2c1c04",
    "X-Crisp-Request-Timestamp": timestamp,
    "X-Crisp-Signature": signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "ticket.created", "id": "7f2c1c04"}],
)
