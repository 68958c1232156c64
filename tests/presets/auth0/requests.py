token = secret("secret", "a token of the test")
headers = {"Authorization": token}
accepted("a delivery", token, headers, '[{"log_id":"90020231114221320","data":{"type":"s"}}]', covers_body=False, events=[{"type": "s", "id": "90020231114221320"}])
