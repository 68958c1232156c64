token = secret("secret", "a-token-of-the-test")
verify = secret("verify_token", "a-verify-token-of-the-test")
body = '{"aspect_type":"update","event_time":1516126040,"object_id":1360128428,"object_type":"activity","updates":{"title":"Grüße"}}'
accepted(
    "an activity", token, body=body, target="/in/strava?" + form({"token": token}), covers_body=False,
    events=[{"type": "activity.update", "subject": "1360128428"}],
)
query = {"token": token, "hub.mode": "subscribe", "hub.challenge": "15f7d1a91c1f40f8a748fd134752feb3", "hub.verify_token": verify}
challenged(
    "the subscription is made", {"hub.challenge": "15f7d1a91c1f40f8a748fd134752feb3"}, method="GET", signature=verify,
    target="/in/strava?" + form(query),
)
