key = secret("secret", "a secret of the workos test")
timestamp = at() * 1000
body = '{"event":"user.created","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "WorkOS-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "user.created", "id": "7f2c1c04"}],
)
