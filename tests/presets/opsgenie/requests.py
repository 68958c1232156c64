name = given("header", "X-Webhook-Secret")
token = secret("secret", "a token of the test")
body = '{"action":"Create","alert":{"alertId":"44f717bf","message":"Grüße"}}'
accepted("an alert", token, {name: token}, body, covers_body=False, events=[{"type": "Create", "subject": "44f717bf"}])
