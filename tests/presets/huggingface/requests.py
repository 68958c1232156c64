token = secret("secret", "a token of the test")
headers = {"X-Webhook-Secret": token}
accepted("a delivery", token, headers, '{"event":{"action":"update","scope":"repo.content"}}', covers_body=False, events=[{"type": "repo.content.update"}])
