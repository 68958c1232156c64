pair = rsa()
keys(pair.jwk("1"))
app = given("app_id", "4ddfb1e0-6d5a-4b8e-9f57-3c3f4a0d3b12")
claims = {"iss": "https://api.botframework.com", "aud": app, "nbf": at(), "exp": at() + 3600}
token = jwt("sha256", pair, claims, {"kid": "1"})
accepted(
    "a message", token, {"Authorization": "Bearer " + token}, '{"type":"message","id":"1485983408511","text":"Grüße"}',
    covers_body=False, timed=True, events=[{"type": "message", "id": "1485983408511"}],
)
