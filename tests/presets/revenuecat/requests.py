token = secret("secret", "a token of the test")
headers = {"Authorization": token}
accepted("a delivery", token, headers, '{"event":{"id":"12345678","type":"INITIAL_PURCHASE"}}', covers_body=False, events=[{"type": "INITIAL_PURCHASE", "id": "12345678"}])
