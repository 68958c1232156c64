key = secret("secret", "a secret of the webflow test")
timestamp = at() * 1000
body = '{"triggerType":"entry.published","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ":", body))
headers = {
    "x-webflow-timestamp": timestamp,
    "x-webflow-signature": signature,
}
accepted("a delivery", signature, headers, body, timed=True, events=[{"type": "entry.published"}])
