pair = rsa()
keys(pair.jwk("1"))
project = given("project_number", "1234567890")
claims = {"iss": "chat@system.gserviceaccount.com", "aud": project, "iat": at(), "exp": at() + 3600}
token = jwt("sha256", pair, claims, {"kid": "1"})
accepted(
    "a message", token, {"Authorization": "Bearer " + token}, '{"type":"MESSAGE","message":{"text":"Grüße"}}',
    covers_body=False, timed=True, events=[{"type": "MESSAGE"}],
)
