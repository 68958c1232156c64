key = secret("secret", "a secret of the dropbox test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Dropbox-Signature": signature,
}
accepted("a delivery", signature, headers, body)
challenged("the endpoint is registered", "3eZ9-u_qk", method="GET", target="/in/dropbox?challenge=3eZ9-u_qk")
