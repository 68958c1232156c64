key = secret("secret", "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl")
body = '{"id":"367cba44-b6f3-4c92-81e7-6a2e9659efd4","type":"page.created","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
accepted(
    "a page", signature, {"X-Notion-Signature": "sha256=" + signature}, body,
    events=[{"type": "page.created", "id": "367cba44-b6f3-4c92-81e7-6a2e9659efd4"}],
)
challenged("the subscription is made", body='{"verification_token":"' + key + '"}')
