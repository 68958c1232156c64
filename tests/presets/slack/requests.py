key = secret("secret", "8f742231b10e8888abcd99yyyzzz85a5")
timestamp = at()

def signed(body):
    signature = hex(hmac("sha256", key, "v0:", timestamp, ":", body))
    return signature, {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": "v0=" + signature}

body = '{"type":"event_callback","event_id":"Ev08MFMKH6","event":{"type":"app_mention","text":"Grüße"}}'
signature, headers = signed(body)
accepted(
    "an event", signature, headers, body, timed=True, events=[{"type": "app_mention", "id": "Ev08MFMKH6"}],
)
body = form({"command": "/weather", "text": "94070", "team_id": "T0001"})
signature, headers = signed(body)
headers["Content-Type"] = "application/x-www-form-urlencoded"
accepted("a command", signature, headers, body, timed=True)

challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
body = '{"type":"url_verification","token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"' + challenge + '"}'
signature, headers = signed(body)
challenged("the request URL is entered", challenge, headers, body, signature=signature)
