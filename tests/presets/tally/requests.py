key = secret("secret", "a secret of the tally test")
body = '{"eventType":"form.submitted","eventId":"7f2c1c04","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "Tally-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "form.submitted", "id": "7f2c1c04"}])
