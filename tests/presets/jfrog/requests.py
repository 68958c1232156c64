key = secret("secret", "a secret of the jfrog test")
body = '{"domain":"artifact","event_type":"deployed","data":{"path":"Grüße"}}'
events = [{"type": "artifact.deployed"}]
signature = hex(hmac("sha256", key, body))
accepted("with a signature", signature, {"X-JFrog-Event-Auth": signature}, body, events=events)
accepted("with the secret", key, {"X-JFrog-Event-Auth": key}, body, covers_body=False, events=events)
