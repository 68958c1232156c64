token = secret("secret", "a-token-of-the-test")
target = "/in/gumroad?" + form({"token": token})
headers = {"Content-Type": "application/x-www-form-urlencoded"}
for body, kind in [({"sale_id": "7f2c"}, "sale"), ({"sale_id": "7f2c", "resource_name": "refund"}, "refund")]:
    accepted(
        "a " + kind, token, headers, form(body), target=target, covers_body=False,
        events=[{"type": kind, "subject": "7f2c"}],
    )
