key = secret("secret", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")
timestamp = at()
body = '{"user":{"id":"8484b834-f29e-4af2-bf42-80644d154f76"},"note":"Grüße"}'
signature = b64(hmac("sha256", unb64(key.removeprefix("v1,whsec_")), f"msg_2b7f0c9d.{timestamp}.{body}"))
headers = {"webhook-id": "msg_2b7f0c9d", "webhook-timestamp": timestamp, "webhook-signature": "v1," + signature}
accepted("a hook", signature, headers, body, timed=True, repeats=True, events=[{"id": "msg_2b7f0c9d"}])
