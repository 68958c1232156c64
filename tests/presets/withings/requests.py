token = secret("secret", "a-token-of-the-test")
target = "/in/withings?" + form({"token": token})
body = form({"userid": 12345, "appli": 1, "startdate": 1530576000, "enddate": 1530698753})
accepted(
    "a measurement", token, {"Content-Type": "application/x-www-form-urlencoded"}, body, target=target, covers_body=False,
    events=[{"type": "appli.1", "subject": "12345"}],
)
challenged("the URL is looked at", method="HEAD", target=target)
