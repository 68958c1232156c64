key = secret("app_secret", "a secret of the meta test")
word = secret("verify_token", "a word of the test")
body = '{"object":"page","entry":[{"id":"0","time":1700000000,"note":"\\u00fc"}]}'
signature = hex(hmac("sha256", key, body))
accepted(
    "an entry", signature, {"X-Hub-Signature-256": "sha256=" + signature}, body,
    events=[{"type": "page", "subject": "0"}],
)
target = "/in/meta?" + form({"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": word})
challenged("the endpoint is registered", "1158201444", method="GET", target=target, signature=word)
