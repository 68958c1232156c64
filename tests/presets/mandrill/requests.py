key = secret("secret", "a secret of the mandrill test")
events = '[{"_id":"7761629","event":"open","msg":{"subject":"Grüße & more"}}]'
signature = b64(hmac("sha1", key, "https://hooks.example.com/in/mandrill", "mandrill_events", events))
headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Mandrill-Signature": signature}
accepted(
    "an opened mail", signature, headers, form({"mandrill_events": events}),
    events=[{"type": "open"}],
)
challenged("the endpoint is looked for", method="HEAD")
