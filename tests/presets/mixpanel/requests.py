user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"action":"members"}', covers_body=False, events=[{"type": "members"}])
