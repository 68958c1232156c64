user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
for name, body, kind in [
    ("a message", '[{"type":"message-delivered","message":{"id":"1"}}]', "message-delivered"),
    ("a call", '{"eventType":"answer","callId":"c-1"}', "answer"),
]:
    accepted(
        name, credentials, {"Authorization": "Basic " + credentials}, body, covers_body=False, events=[{"type": kind}],
    )
