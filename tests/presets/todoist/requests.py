key = secret("secret", "a secret of the todoist test")
body = '{"event_name":"task.updated","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Todoist-Delivery-ID": "7f2c1c04",
    "X-Todoist-Hmac-SHA256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.updated", "id": "7f2c1c04"}])
