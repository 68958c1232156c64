pair = rsa()
keys(pair.jwk("1"))
given("jwks_url", "https://example.kinde.com/.well-known/jwks")
claims = {"type": "user.created", "event_id": "event_0188", "source": "admin", "data": {"note": "Grüße"}}
token = jwt("sha256", pair, claims, {"kid": "1"})
accepted(
    "a user", token, {"Content-Type": "application/jwt"}, token, covers_body=False,
    events=[{"type": "user.created", "id": "event_0188", "data": claims}],
)
