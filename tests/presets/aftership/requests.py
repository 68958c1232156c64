key = secret("secret", "a secret of the aftership test")
body = '{"event":"package.delivered","event_id":"7f2c1c04","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "aftership-hmac-sha256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "package.delivered", "id": "7f2c1c04"}])
