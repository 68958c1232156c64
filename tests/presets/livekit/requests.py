key = secret("api_secret", "a secret of the livekit test")
issuer = given("api_key", "APItLWrK8tbwr")
body = '{"id":"EV_eugWmGhovZmm","event":"room_started","note":"Grüße"}'
token = jwt("sha256", key, {"iss": issuer, "exp": at() + 300, "sha256": b64(digest("sha256", body))})
accepted(
    "a room", token, {"Content-Type": "application/webhook+json", "Authorization": token}, body, timed=True,
    events=[{"type": "room_started", "id": "EV_eugWmGhovZmm"}],
)
unpublished("livekit-1", "its token has expired at no known time")
