user = given("username", "hooks")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted("a delivery", credentials, {"Authorization": "Basic " + credentials}, '{"id":"ev_16BHbhF4s42tO2lK","event_type":"invoice_generated"}', covers_body=False, events=[{"type": "invoice_generated", "id": "ev_16BHbhF4s42tO2lK"}])
