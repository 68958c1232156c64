token = secret("secret", "a token of the test")
body = '{"event_type":"FILE_UPDATE","webhook_id":"22","passcode":"' + token + '"}'
accepted("a delivery", token, body=body, covers_body=False, events=[{"type": "FILE_UPDATE"}])
