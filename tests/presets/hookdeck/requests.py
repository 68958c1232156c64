key = secret("secret", "a secret of the hookdeck test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "x-hookdeck-eventid": "7f2c1c04",
    "x-hookdeck-signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"id": "7f2c1c04"}])
