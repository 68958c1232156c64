key = secret("secret", "a secret of the linear test")
timestamp = at() * 1000
body = '{"id":7,"note":"Grüße","webhookTimestamp":' + str(timestamp) + '}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Linear-Event": "Issue",
    "Linear-Delivery": "7f2c1c04",
    "Linear-Signature": signature,
}
accepted("a delivery", signature, headers, body, timed=True, events=[{"type": "Issue", "id": "7f2c1c04"}])
