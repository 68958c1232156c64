key = secret("secret", "5JzQ8dPqTm2aVwUoFh7cYg")
timestamp = at()
body = '{"event":"meeting.started","payload":{"object":{"topic":"Grüße"}}}'
signature = hex(hmac("sha256", key, "v0:", timestamp, ":", body))
headers = {"x-zm-request-timestamp": timestamp, "x-zm-signature": "v0=" + signature}
accepted("a meeting", signature, headers, body, timed=True, events=[{"type": "meeting.started"}])

plain = "qgg8vlvZRS6UYooatFL8Aw"
challenged(
    "the endpoint is validated", {"plainToken": plain, "encryptedToken": hex(hmac("sha256", key, plain))},
    body='{"event":"endpoint.url_validation","payload":{"plainToken":"' + plain + '"}}',
)
