user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"_metadata":{"triggerId":"idn:identity-created","invocationId":"8b2c4a1f"}}', covers_body=False, events=[{"type": "idn:identity-created", "id": "8b2c4a1f"}])
