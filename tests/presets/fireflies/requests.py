key = secret("secret", "a secret of the fireflies test")
body = '{"eventType":"task.completed","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "x-hub-signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "task.completed"}])
