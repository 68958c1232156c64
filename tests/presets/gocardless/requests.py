key = secret("secret", "a secret of the gocardless test")
body = '{"events":[{"id":"EV123","resource_type":"payments","action":"confirmed"}],"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Webhook-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payments.confirmed", "id": "EV123"}])
