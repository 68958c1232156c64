token = secret("secret", "a token of the test")
body = '{"eventId":"b5a188b9","data":{"events":[{"uuid":"1a2b3c4d","eventType":"user.lifecycle.create"}]}}'
accepted(
    "an event", token, {"Authorization": token}, body, covers_body=False,
    events=[{"type": "user.lifecycle.create", "id": "1a2b3c4d"}],
)
challenge = "cVK5pIMlwZ3eRq0dPZ6Vjg9XvV7n_Y4Rsh81sMbJ"
challenged(
    "the hook is verified", {"verification": challenge}, {"x-okta-verification-challenge": challenge}, method="GET",
)
