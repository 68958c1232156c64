key = secret("app_secret", "a secret of the whatsapp test")
word = secret("verify_token", "a word of the test")
body = '{"object":"whatsapp_business_account","entry":[{"id":"0","time":1700000000,"note":"\\u00fc"}]}'
signature = hex(hmac("sha256", key, body))
accepted(
    "an entry", signature, {"X-Hub-Signature-256": "sha256=" + signature}, body,
    events=[{"type": "whatsapp_business_account", "subject": "0"}],
)
target = "/in/whatsapp?" + form({"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": word})
challenged("the endpoint is registered", "1158201444", method="GET", target=target, signature=word)
