token = secret("secret", "a-token-of-the-test")
body = '{"push_data":{"pushed_at":1417566161,"tag":"latest"},"repository":{"repo_name":"svendowideit/testhook"}}'
accepted(
    "a push", token, body=body, target="/in/docker-hub?" + form({"token": token}), covers_body=False,
    events=[{"type": "push", "subject": "svendowideit/testhook:latest"}],
)
