key = secret("secret", "a secret of the intercom test")
body = '{"topic":"ticket.created","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "X-Hub-Signature": "sha1=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "ticket.created", "id": "7f2c1c04"}])
challenged("the endpoint is looked for", method="HEAD")
