token = secret("secret", "a token of the test")
headers = {"X-Vapi-Secret": token}
accepted("a delivery", token, headers, '{"message":{"type":"end-of-call-report"}}', covers_body=False, events=[{"type": "end-of-call-report"}])
