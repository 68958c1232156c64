pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
body = '{"event_type":"transfers#state-change","data":{"note":"Grüße"}}'
signature = b64(pair.sign(body, hash="sha256"))
headers = {"X-Delivery-Id": "4f2ddc3f-1c5f-4d6f-8b6b-2f3f63a1c0b5", "X-Signature-SHA256": signature}
accepted(
    "a transfer", signature, headers, body,
    events=[{"type": "transfers#state-change", "id": "4f2ddc3f-1c5f-4d6f-8b6b-2f3f63a1c0b5"}],
)
published(public_key="/public_key")
