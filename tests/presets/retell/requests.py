key = secret("secret", "a secret of the retell test")
timestamp = at() * 1000
body = '{"event":"task.completed","note":"Grüße"}'
signature = hex(hmac("sha256", key, body, timestamp))
headers = {
    "x-retell-signature": f"v={timestamp},d={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "task.completed"}],
)
