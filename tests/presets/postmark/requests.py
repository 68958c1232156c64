user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"RecordType":"Delivery","MessageID":"883953f4"}', covers_body=False, events=[{"type": "Delivery"}])
