pair = rsa()
keys(pair.jwk("1"))
audience = given("audience", "https://hooks.example.com/in/google-pubsub")
email = given("email", "push@example.iam.gserviceaccount.com")
claims = {"iss": "https://accounts.google.com", "aud": audience, "email": email, "email_verified": True, "iat": at(), "exp": at() + 3600}
body = '{"message":{"messageId":"2070443601311540","data":"e30="},"subscription":"projects/p/subscriptions/s"}'
token = jwt("sha256", pair, claims, {"kid": "1"})
accepted(
    "a message", token, {"Authorization": "Bearer " + token}, body, covers_body=False, timed=True,
    events=[{"id": "2070443601311540", "subject": "projects/p/subscriptions/s"}],
)
