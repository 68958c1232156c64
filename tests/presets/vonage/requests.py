key = secret("secret", "a secret of the vonage test, which is long enough")
claims = {"iss": "Vonage", "iat": at(), "jti": "c5ba8f24", "api_key": "abcd1234"}
body = '{"message_uuid":"aaaaaaaa-bbbb","status":"delivered","note":"Grüße"}'
token = jwt("sha256", key, {**claims, "payload_hash": hex(digest("sha256", body))})
accepted("a status", token, {"Authorization": "Bearer " + token}, body, timed=True)
token = jwt("sha256", key, claims)
accepted("without a body", token, {"Authorization": "Bearer " + token}, method="GET", timed=True)
unpublished("vonage-1", "it has another issuer")
