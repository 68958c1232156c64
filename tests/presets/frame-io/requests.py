key = secret("secret", "a secret of the frame-io test")
timestamp = at()
body = '{"type":"video.ready","note":"Grüße"}'
signature = hex(hmac("sha256", key, "v0:", timestamp, ":", body))
headers = {
    "X-Frameio-Request-Timestamp": timestamp,
    "X-Frameio-Signature": "v0=" + signature,
}
accepted("a delivery", signature, headers, body, timed=True, events=[{"type": "video.ready"}])
