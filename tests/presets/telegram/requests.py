token = secret("secret", "a token of the test")
headers = {"X-Telegram-Bot-Api-Secret-Token": token}
accepted("a delivery", token, headers, '{"update_id":10000,"message":{"message_id":1}}', covers_body=False, events=[{"type": "message", "id": "10000"}])
