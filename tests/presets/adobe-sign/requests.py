client = given("client_id", "UB7E5BXCXY")
token = secret("secret", "a-token-of-the-test")
target = "/in/adobe-sign?" + form({"token": token})
accepted(
    "an agreement", token, {"X-AdobeSign-ClientId": client}, '{"webhookNotificationId":"7f2c1c04","event":"AGREEMENT_CREATED"}',
    target=target, covers_body=False, events=[{"type": "AGREEMENT_CREATED", "id": "7f2c1c04"}],
)
challenged(
    "the webhook is created", {"xAdobeSignClientId": client}, {"X-AdobeSign-ClientId": client}, method="GET", target=target,
    answer_headers={"X-AdobeSign-ClientId": client},
)
