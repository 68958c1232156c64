key = secret("secret", "a secret of the sonarcloud test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Sonar-Webhook-HMAC-SHA256": signature,
}
accepted("a delivery", signature, headers, body)
