key = secret("secret", "a secret of the circleci test")
body = '{"id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "circleci-event-type": "build.finished",
    "circleci-signature": f"v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, repeats=True,
    events=[{"type": "build.finished", "id": "7f2c1c04"}],
)
