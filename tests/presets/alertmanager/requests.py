user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"status":"firing","groupKey":"{}:{}"}', covers_body=False, events=[{"type": "firing"}])
