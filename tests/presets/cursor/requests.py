key = secret("secret", "a secret of the cursor test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Webhook-Event": "task.completed",
    "X-Webhook-ID": "7f2c1c04",
    "X-Webhook-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.completed", "id": "7f2c1c04"}])
