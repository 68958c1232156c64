key = secret("secret", "a secret of the jobber test")
body = '{"data":{"webHookEvent":{"topic":"contact.updated"}},"note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Jobber-Hmac-SHA256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "contact.updated"}])
