token = secret("secret", "a token of the test")
body = '{"type":"api-update","secret":"' + token + '"}'
accepted("a delivery", token, body=body, covers_body=False, events=[{"type": "api-update"}])
