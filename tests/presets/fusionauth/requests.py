key = secret("secret", "a secret of the fusionauth test, which is long enough")
body = '{"event":{"id":"e502168a","type":"user.create","note":"Grüße"}}'
token = jwt("sha256", key, {"request_body_sha256": b64(digest("sha256", body))})
accepted(
    "a user", token, {"X-FusionAuth-Signature-JWT": token}, body,
    events=[{"type": "user.create", "id": "e502168a"}],
)
