key = secret("secret", "a secret of the autodesk test")
body = '{"hook":{"event":"something.happened"},"note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "x-adsk-delivery-id": "7f2c1c04",
    "x-adsk-signature": "sha1hash=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened", "id": "7f2c1c04"}])
