user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"meta":{"action":"change","entity":"deal","id":"7f2c"}}', covers_body=False, events=[{"type": "deal.change"}])
