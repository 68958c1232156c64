key = secret("secret", "s3cRe7s3cRe7")
timestamp = "2023-11-14T22:13:20.123456789Z"

def signed(body, **more):
    signature = hex(hmac("sha256", key, "e76c6bd4", timestamp, body))
    return signature, {
        "Twitch-Eventsub-Message-Id": "e76c6bd4",
        "Twitch-Eventsub-Message-Timestamp": timestamp,
        "Twitch-Eventsub-Subscription-Type": "stream.online",
        "Twitch-Eventsub-Message-Signature": "sha256=" + signature,
    }

body = '{"subscription":{"id":"f1c2a387"},"event":{"id":"9001","note":"Grüße"}}'
signature, headers = signed(body)
accepted("an event", signature, headers, body, timed=True, events=[{"type": "stream.online", "id": "e76c6bd4"}])
challenge = "pogchamp-kappa-360noscope-vohiyo"
body = '{"challenge":"' + challenge + '","subscription":{"id":"f1c2a387"}}'
signature, headers = signed(body)
headers["Twitch-Eventsub-Message-Type"] = "webhook_callback_verification"
challenged("the subscription is made", challenge, headers, body, signature=signature)
