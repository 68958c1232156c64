key = secret("secret", "a secret of the shortcut test")
body = '{"id":"595285dc","actions":[{"id":16927,"entity_type":"story","action":"update","name":"Grüße"}]}'
signature = hex(hmac("sha256", key, body))
accepted("a story", signature, {"Payload-Signature": signature}, body, events=[{"type": "story.update", "id": "595285dc"}])
