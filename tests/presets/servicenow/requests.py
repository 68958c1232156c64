user = given("username", "servicenow")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("an incident", credentials, {"Authorization": "Basic " + credentials}, '{"number":"INC0010001"}', covers_body=False)
