key = secret("secret", "a secret of the savvycal test")
body = '{"type":"booking.created","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-SavvyCal-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "booking.created", "id": "7f2c1c04"}])
