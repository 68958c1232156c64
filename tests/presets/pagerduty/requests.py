key = secret("secret", "a secret of the pagerduty test")
body = '{"event":{"event_type":"alert.triggered"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-PagerDuty-Signature": f"v1={signature}",
}
accepted("a delivery", signature, headers, body, repeats=True, events=[{"type": "alert.triggered"}])
