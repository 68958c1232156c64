key = secret("secret", "a secret of the help-scout test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha1", key, body))
headers = {
    "X-HelpScout-Event": "ticket.created",
    "X-HelpScout-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "ticket.created"}])
