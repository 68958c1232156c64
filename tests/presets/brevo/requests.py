token = secret("secret", "a token of the test")
headers = {"Authorization": "Bearer " + token}
accepted("a delivery", token, headers, '{"event":"delivered"}', covers_body=False, events=[{"type": "delivered"}])
