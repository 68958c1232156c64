key = secret("secret", "a secret of the klaviyo test")
timestamp = "2026-07-16T10:00:00"
body = '{"data":[{"external_id":"7f2c1c04","topic":"event:klaviyo.email_delivered","payload":{"note":"Grüße"}}],"meta":{}}'
signature = hex(hmac("sha256", key, body, timestamp))
headers = {"Klaviyo-Webhook-Id": "a1b2", "Klaviyo-Signature": signature, "Klaviyo-Timestamp": timestamp}
accepted(
    "a mail", signature, headers, body, events=[{"type": "event:klaviyo.email_delivered", "id": "7f2c1c04"}],
)
