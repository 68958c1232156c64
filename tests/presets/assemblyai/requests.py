name = given("header", "X-Webhook-Token")
token = secret("secret", "a token of the test")
accepted("a delivery", token, {name: token}, '{"transcript_id":"5552493-16d8","status":"completed"}', covers_body=False, events=[{"type": "completed", "subject": "5552493-16d8"}])
