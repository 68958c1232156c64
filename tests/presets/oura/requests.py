key = secret("client_secret", "a secret of the oura test")
verify = secret("verification_token", "a-token-of-the-oura-test")
body = '{"event_type":"create","data_type":"sleep","object_id":"7f2c1c04","event_time":"2026-01-31T12:00:00Z"}'
signature = hex(hmac("sha256", key, "1700000000", body)).upper()
headers = {"x-oura-signature": signature, "x-oura-timestamp": "1700000000"}
accepted("a night", signature, headers, body, events=[{"type": "sleep.create", "subject": "7f2c1c04"}])
challenged(
    "the subscription is made", {"challenge": "0pqbs1d8"}, method="GET", signature=verify,
    target="/in/oura?" + form({"verification_token": verify, "challenge": "0pqbs1d8"}),
)
