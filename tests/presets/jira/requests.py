key = secret("secret", "a secret of the jira test")
body = '{"webhookEvent":"task.updated","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-Atlassian-Webhook-Identifier": "7f2c1c04",
    "X-Hub-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.updated", "id": "7f2c1c04"}])
