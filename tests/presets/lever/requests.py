key = secret("secret", "a secret of the lever test")
timestamp = at() * 1000
signature = hex(hmac("sha256", key, "8d8d4a1e", timestamp))
body = (
    '{"event":"candidateHired","token":"8d8d4a1e","triggeredAt":' + str(timestamp) + ',"signature":"' + signature + '"}'
)
accepted("a hire", signature, body=body, covers_body=False, timed=True, events=[{"type": "candidateHired"}])
