key = secret("secret", "5f1d7a9c3b2e4f60718293a4b5c6d7e8")
body = '{"triggerId":"package.delivered","note":"Grüße"}'
signature = hex(hmac("sha512", bytes.fromhex(key), body))
headers = {
    "X-Onfleet-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "package.delivered"}])
challenged("the endpoint is registered", "3eZ9-u_qk", method="GET", target="/in/onfleet?check=3eZ9-u_qk")
