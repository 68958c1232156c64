token = secret("secret", "a token of the test")
body = '{"value":[{"changeType":"created","resource":"me/messages/1","clientState":"' + token + '"}]}'
accepted(
    "a change", token, body=body, covers_body=False, events=[{"type": "created", "subject": "me/messages/1"}],
)
challenged(
    "the subscription is made", "Validation: Testing client application reachability",
    target="/in/microsoft-graph?validationToken=Validation%3A+Testing+client+application+reachability",
)
