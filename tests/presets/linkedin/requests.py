key = secret("secret", "a secret of the linkedin test")
body = '{"notificationId":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, "hmacsha256=", body))
headers = {
    "X-LI-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"id": "7f2c1c04"}])
code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
challenged(
    "the endpoint is registered", {"challengeCode": code, "challengeResponse": hex(hmac("sha256", key, code))},
    method="GET", target="/in/linkedin?challengeCode=" + code,
)
