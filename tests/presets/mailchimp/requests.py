token = secret("secret", "a-token-of-the-test")
target = "/in/mailchimp?" + form({"token": token})
body = form({"type": "subscribe", "fired_at": "2026-01-31 12:00:00", "data[id]": "8a25ff1d98", "data[email]": "grüße@example.com"})
accepted(
    "a subscriber", token, {"Content-Type": "application/x-www-form-urlencoded"}, body, target=target, covers_body=False,
    events=[{"type": "subscribe"}],
)
challenged("the URL is saved", method="GET", target=target)
