user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '[{"msys":{"message_event":{"type":"delivery"}}}]', covers_body=False)
