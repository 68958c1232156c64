user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '[{"type":"message-delivered","message":{"id":"1"}}]', covers_body=False)
