key = secret("secret", "a secret of the websub test")
body = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Grüße</title></entry></feed>'
headers = {"Content-Type": "application/atom+xml"}
for name in ["sha1", "sha256", "sha512"]:
    signature = hex(hmac(name, key, body))
    accepted("signed with " + name, signature, {**headers, "X-Hub-Signature": f"{name}={signature}"}, body)
target = "/in/websub?" + form({"hub.mode": "subscribe", "hub.topic": "https://example.com/feed", "hub.challenge": "14a7"})
challenged("the subscription is verified", "14a7", method="GET", target=target)
