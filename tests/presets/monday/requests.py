key = secret("secret", "a secret of the monday test")
token = jwt("sha256", key, {"aud": "https://hooks.example.com/in/monday", "exp": at() + 60})
body = '{"event":{"type":"create_item","triggerUuid":"b5ed2e17","pulseId":7}}'
accepted(
    "an item", token, {"Authorization": token}, body, covers_body=False, timed=True,
    events=[{"type": "create_item", "id": "b5ed2e17"}],
)
challenged(
    "the webhook is created", {"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7"},
    body='{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7"}',
)
