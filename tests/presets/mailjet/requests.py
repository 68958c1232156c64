user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '[{"event":"sent","Message_GUID":"1ab23cd4"}]', covers_body=False, events=[{"type": "sent"}])
