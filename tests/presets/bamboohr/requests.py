key = secret("secret", "a secret of the bamboohr test")
timestamp = at()
body = '{"employees":[{"action":"candidate.hired"}],"note":"Grüße"}'
signature = hex(hmac("sha256", key, body, timestamp))
headers = {
    "X-BambooHR-Timestamp": timestamp,
    "X-BambooHR-Signature": signature,
}
accepted("a delivery", signature, headers, body, timed=True, events=[{"type": "candidate.hired"}])
