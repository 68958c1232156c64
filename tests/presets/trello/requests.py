key = secret("secret", "a secret of the trello test")
body = '{"action":{"type":"task.updated","id":"7f2c1c04"},"note":"Grüße"}'
at_url = "https://hooks.example.com/in/trello"
signature = b64(hmac("sha1", key, body, at_url))
headers = {
    "X-Trello-Webhook": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.updated", "id": "7f2c1c04"}])
challenged("the endpoint is looked for", method="HEAD")
