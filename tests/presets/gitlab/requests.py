key = secret("signing_token", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")
token = secret("token", "a token of the test")
timestamp = at()
body = '{"object_kind":"push","ref":"refs/heads/main"}'
headers = {"X-Gitlab-Event": "Push Hook", "Idempotency-Key": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"}
events = [{"type": "Push Hook", "id": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"}]
accepted("with a token", token, {**headers, "X-Gitlab-Token": token}, body, covers_body=False, events=events)
signature = b64(hmac("sha256", unb64(key.removeprefix("whsec_")), f"msg_2b7f0c9d.{timestamp}.{body}"))
headers |= {"webhook-id": "msg_2b7f0c9d", "webhook-timestamp": timestamp, "webhook-signature": "v1," + signature}
accepted("with a signature", signature, headers, body, timed=True, repeats=True, events=events)
