client = given("client_key", "1ad9e2c4")
given("base_url", "https://hooks.example.com")
key = secret("shared_secret", "a shared secret of the test, which is long")
body = '{"webhookEvent":"jira:issue_created","issue":{"key":"A-1","summary":"Grüße"}}'
for name, query, canonical in [
    ("an issue", "", ""),
    ("an issue with a query", "?user_id=a%20b&user_key=admin&A=%C3%BC", "A=%C3%BC&user_id=a%20b&user_key=admin"),
]:
    qsh = hex(digest("sha256", f"POST&/in/atlassian-connect&{canonical}"))
    token = jwt("sha256", key, {"iss": client, "iat": at(), "exp": at() + 180, "qsh": qsh})
    accepted(
        name, token, {"Authorization": "JWT " + token}, body, target="/in/atlassian-connect" + query,
        covers_body=False, timed=True, events=[{"type": "jira:issue_created"}],
    )
