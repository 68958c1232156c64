key = secret("secret", "a secret of the x-twitter test")
body = '{"for_user_id":"2244994945","tweet_create_events":[{"id":1,"text":"Grüße"}]}'
signature = b64(hmac("sha256", key, body))
accepted("a post", signature, {"x-twitter-webhooks-signature": "sha256=" + signature}, body)
token = "MGM5ODc0NzMtNzE5NS00Nzk4"
challenged(
    "the endpoint is checked", {"response_token": "sha256=" + b64(hmac("sha256", key, token))}, method="GET",
    target="/in/x-twitter?nonce=MTcwMDAwMDAwMA&crc_token=" + token,
)
