key = secret("secret", "a secret of the persona test")
timestamp = at()
body = '{"data":{"attributes":{"name":"check.completed"}},"note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Persona-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "check.completed"}],
)
