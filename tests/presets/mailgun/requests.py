key = secret("secret", "a secret of the mailgun test")
timestamp = at()
token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"
signature = hex(hmac("sha256", key, timestamp, token))
body = (
    '{"signature":{"timestamp":"' + str(timestamp) + '","token":"' + token + '","signature":"' + signature + '"},'
    '"event-data":{"id":"Ase7i2zs","event":"opened"}}'
)
accepted(
    "an opened mail", signature, body=body, covers_body=False, timed=True,
    events=[{"type": "opened", "id": "Ase7i2zs"}],
)
body = form({"recipient": "a@example.com", "timestamp": timestamp, "token": token, "signature": signature})
headers = {"Content-Type": "application/x-www-form-urlencoded"}
accepted("a mail of a route", signature, headers, body, covers_body=False, timed=True)
