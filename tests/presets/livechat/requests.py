token = secret("secret", "a token of the test")
body = '{"action":"incoming_chat","secret_key":"' + token + '"}'
accepted("a delivery", token, body=body, covers_body=False, events=[{"type": "incoming_chat"}])
