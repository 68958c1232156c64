token = secret("secret", "a token of the test")
headers = {"Authorization": token}
accepted("a delivery", token, headers, '{"type":"PUSH_ARTIFACT"}', covers_body=False, events=[{"type": "PUSH_ARTIFACT"}])
