key = secret("secret", "a secret of the whoop test")
timestamp = at() * 1000
body = '{"user_id":10129,"id":"ecfc6a15","type":"sleep.updated","trace_id":"e369c784"}'
signature = b64(hmac("sha256", key, f"{timestamp}{body}"))
headers = {"X-WHOOP-Signature": signature, "X-WHOOP-Signature-Timestamp": timestamp}
accepted(
    "a sleep", signature, headers, body, timed=True,
    events=[{"type": "sleep.updated", "id": "e369c784", "subject": "ecfc6a15"}],
)
