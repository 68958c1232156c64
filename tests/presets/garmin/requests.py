token = secret("secret", "a-token-of-the-test")
client = given("client_id", "a-client-of-the-test")
accepted(
    "a ping", token, {"garmin-client-id": client}, '{"activities":[{"userId":"9876543210"}]}', covers_body=False,
    target="/in/garmin?" + form({"token": token}), events=[{"type": "activities"}],
)
