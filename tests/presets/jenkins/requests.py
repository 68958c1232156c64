token = secret("secret", "a-token-of-the-test")
body = '{"name":"asgard","build":{"full_url":"http://localhost:8080/job/asgard/18/","phase":"COMPLETED","status":"SUCCESS"}}'
accepted(
    "a build", token, body=body, target="/in/jenkins?" + form({"token": token}), covers_body=False,
    events=[{"type": "COMPLETED", "subject": "http://localhost:8080/job/asgard/18/"}],
)
