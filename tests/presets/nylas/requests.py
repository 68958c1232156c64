key = secret("secret", "a secret of the nylas test")
body = '{"type":"delivered","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Nylas-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "delivered", "id": "7f2c1c04"}])
challenged("the endpoint is registered", "3eZ9-u_qk", method="GET", target="/in/nylas?challenge=3eZ9-u_qk")
