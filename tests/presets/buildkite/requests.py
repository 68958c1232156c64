key = secret("secret", "a secret of the buildkite test")
timestamp = at()
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "X-Buildkite-Event": "build.finished",
    "X-Buildkite-Request": "7f2c1c04",
    "X-Buildkite-Signature": f"timestamp={timestamp},signature={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "build.finished", "id": "7f2c1c04"}],
)
