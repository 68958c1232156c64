token = secret("secret", "a token of the test")
body = '{"uuid":"54666613428546582","event":"/restapi/v1.0/account/~/extension/1/presence"}'
accepted(
    "a notification", token, {"Verification-Token": token}, body, covers_body=False,
    events=[{"type": "/restapi/v1.0/account/~/extension/1/presence", "id": "54666613428546582"}],
)
validation = "d54f4a9c-9a5e-4c46-8a36-8e5b1e6c9a77"
challenged(
    "the subscription is made", headers={"Validation-Token": validation},
    answer_headers={"Validation-Token": validation},
)
