key = secret("secret", "a secret of the grafana test")
body = '{"status":"firing","alerts":[{"status":"firing","fingerprint":"Grüße"}]}'
signature = hex(hmac("sha256", key, body))
accepted("an alert", signature, {"X-Grafana-Alerting-Signature": signature}, body, events=[{"type": "firing"}])
