user = given("username", "doordash")
credentials = b64(user + ":" + secret("password", "a password of the test"))
accepted(
    "a delivery", credentials, {"Authorization": "Basic " + credentials},
    '{"event_name":"DASHER_CONFIRMED","external_delivery_id":"D-12345"}', covers_body=False,
    events=[{"type": "DASHER_CONFIRMED", "subject": "D-12345"}],
)
