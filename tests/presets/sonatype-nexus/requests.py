key = secret("secret", "a secret of the nexus test")
body = '{"action":"CREATED","repositoryName":"releases","initiator":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "X-Nexus-Webhook-ID": "rm:repository:component",
    "X-Nexus-Webhook-Delivery": "be8c0b8e",
    "X-Nexus-Webhook-Signature": signature,
}
accepted("a component", signature, headers, body, events=[{"type": "rm:repository:component", "id": "be8c0b8e"}])
