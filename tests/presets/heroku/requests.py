key = secret("secret", "a secret of the heroku test")
body = '{"id":"7f2c1c04","resource":"release","action":"create","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "Heroku-Webhook-Hmac-SHA256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "release.create", "id": "7f2c1c04"}])
