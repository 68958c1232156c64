key = secret("secret", "a secret of the pagerduty test")
body = '{"event":{"id":"01BZXNZ1WG","event_type":"incident.triggered"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-PagerDuty-Signature": f"v1={signature}",
}
accepted("a delivery", signature, headers, body, repeats=True, events=[{"type": "incident.triggered", "id": "01BZXNZ1WG"}])
