token = secret("secret", "a token of the test")
headers = {"dg-token": token}
accepted("a delivery", token, headers, '{"metadata":{"request_id":"7f2c1c04"}}', covers_body=False)
