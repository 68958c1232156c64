key = secret("secret", "sig_a_signing_key_of_the_test")
body = '{"hello":"Grüße"}'
claims = {"iss": "Upstash", "sub": "https://hooks.example.com/in/qstash", "nbf": at() - 1, "exp": at() + 300, "iat": at(), "jti": "jwt_67kx"}
for name, padding in [("with padding", "="), ("without padding", "")]:
    token = jwt("sha256", key, {**claims, "body": b64url(digest("sha256", body)) + padding})
    accepted(
        name, token, {"Upstash-Signature": token, "Upstash-Message-Id": "msg_26hZ"}, body, timed=True,
        events=[{"id": "msg_26hZ"}],
    )
