key = secret("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
pair = ed25519()
secret("public_key", "whpk_" + b64(pair.raw))
other("public_key", "whpk_" + b64(ed25519().raw))
timestamp = at()
body = '{"type":"contact.created","data":{"id":"1f81eb52"}}'
headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": timestamp}
signed = f"msg_p5jXN8AQM9LWM0D4loKWxJek.{timestamp}.{body}"
events = [{"type": "contact.created", "id": "msg_p5jXN8AQM9LWM0D4loKWxJek"}]

signature = b64(hmac("sha256", unb64(key.removeprefix("whsec_")), signed))
accepted(
    "with a shared secret", signature, {**headers, "webhook-signature": "v1," + signature}, body,
    timed=True, repeats=True, events=events,
)
signature = b64(pair.sign(signed))
accepted(
    "with a pair of keys", signature, {**headers, "webhook-signature": "v1a," + signature}, body,
    timed=True, repeats=True, events=events,
)
# Only one of the parameters is given by an example.
published(secret="/secret")
unpublished("standard-webhooks-2", "it is signed with a pair of keys, and verified beside the listeners written by hand")
