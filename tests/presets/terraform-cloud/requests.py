key = secret("secret", "a secret of the terraform-cloud test")
body = '{"notifications":[{"trigger":"message.delivered"}],"note":"Grüße"}'
signature = hex(hmac("sha512", key, body))
headers = {
    "X-TFE-Notification-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "message.delivered"}])
