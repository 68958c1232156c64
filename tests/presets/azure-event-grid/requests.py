token = secret("secret", "a-token-of-the-test")
target = "/in/azure-event-grid?" + form({"token": token})
body = '[{"id":"831b165a","eventType":"Microsoft.Storage.BlobCreated","subject":"/blobs/a","data":{}}]'
accepted(
    "an event", token, {"aeg-event-type": "Notification"}, body, target=target, covers_body=False,
    events=[{"type": "Microsoft.Storage.BlobCreated", "id": "831b165a", "subject": "/blobs/a"}],
)
body = (
    '[{"id":"2d1781af","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent",'
    '"data":{"validationCode":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}}]'
)
challenged(
    "the subscription is made", {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"},
    {"aeg-event-type": "SubscriptionValidation"}, body, target=target, signature=token,
)
