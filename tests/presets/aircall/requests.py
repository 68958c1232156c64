token = secret("secret", "a token of the test")
body = '{"event":"call.created","data":{"id":7},"token":"' + token + '"}'
accepted("a delivery", token, body=body, covers_body=False, events=[{"type": "call.created"}])
