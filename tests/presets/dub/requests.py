key = secret("secret", "a secret of the dub test")
body = '{"event":"lead.created","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Dub-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "lead.created", "id": "7f2c1c04"}])
