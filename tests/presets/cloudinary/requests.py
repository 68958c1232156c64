key = secret("secret", "a secret of the cloudinary test")
timestamp = at()
body = '{"notification_type":"upload","public_id":"Grüße"}'
signature = hex(digest("sha1", body, timestamp, key))
accepted(
    "an upload", signature, {"X-Cld-Timestamp": timestamp, "X-Cld-Signature": signature}, body, timed=True,
    events=[{"type": "upload"}],
)
