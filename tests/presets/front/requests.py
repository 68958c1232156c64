key = secret("secret", "a secret of the front test")
timestamp = at() * 1000
body = '{"type":"ticket.created","note":"Grüße"}'
signature = b64(hmac("sha256", key, timestamp, ":", body))
headers = {
    "X-Front-Request-Timestamp": timestamp,
    "X-Front-Signature": signature,
}
accepted("a delivery", signature, headers, body, timed=True, events=[{"type": "ticket.created"}])
challenged(
    "the endpoint is registered", "3eZ9-u_qk", {**headers, "x-front-challenge": "3eZ9-u_qk"}, body,
    signature=signature,
)
