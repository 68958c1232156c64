user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"id":"27646e0e","eventType":"build.complete"}', covers_body=False, events=[{"type": "build.complete", "id": "27646e0e"}])
