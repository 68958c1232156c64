user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted(
    "a delivery", credentials, {"Authorization": "Basic " + credentials}, '[{"msys":{"message_event":{"type":"delivery","event_id":"9235"}}},{"msys":{}}]', covers_body=False,
    events=[{"type": "delivery", "id": "9235"}, {"type": "sparkpost"}],
)
