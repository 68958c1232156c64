key = secret("secret", "a secret of the whereby test")
timestamp = at()
body = '{"type":"message.received","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Whereby-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "message.received", "id": "7f2c1c04"}],
)
