key = secret("secret", "a secret of the customer-io test")
timestamp = at()
body = '{"event_id":"7f2c1c04","object_type":"email","metric":"delivered","note":"Grüße"}'
signature = hex(hmac("sha256", key, "v0:", timestamp, ":", body))
headers = {
    "X-CIO-Timestamp": timestamp,
    "X-CIO-Signature": signature,
}
accepted("a delivery", signature, headers, body, timed=True, events=[{"type": "email.delivered", "id": "7f2c1c04"}])
