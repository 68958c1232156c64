key = secret("secret", "a secret of the zendesk test")
timestamp = "2023-11-14T22:13:20Z"
body = '{"type":"ticket.created","note":"Grüße"}'
signature = b64(hmac("sha256", key, timestamp, body))
headers = {
    "X-Zendesk-Webhook-Invocation-Id": "7f2c1c04",
    "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
    "X-Zendesk-Webhook-Signature": signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "ticket.created", "id": "7f2c1c04"}],
)
