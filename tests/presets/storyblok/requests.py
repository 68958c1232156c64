key = secret("secret", "a secret of the test")
body = '{"text":"Grüße","action":"published","space_id":606,"story_id":107350}'
signature = hex(hmac("sha1", key, body))
accepted("a story", signature, {"webhook-signature": signature}, body, events=[{"type": "published"}])
