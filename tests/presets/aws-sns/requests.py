pair = rsa()
certificate(pair.certificate())
at(now=1798761600)
given("topic", "arn:aws:sns:us-west-2:123456789012:MyTopic")
message = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
    "Message": "Grüße",
    "Timestamp": "2027-01-01T00:00:00.000Z",
    "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
}


def signed(message, version, hash, keys):
    text = "".join(f"{key}\n{message[key]}\n" for key in keys if key in message)
    signature = b64(pair.sign(text, hash=hash))
    return signature, json.dumps({**message, "SignatureVersion": version, "Signature": signature})


headers = {"Content-Type": "text/plain; charset=UTF-8"}
keys = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
for version, hash in [("1", "sha1"), ("2", "sha256")]:
    for name, more in [("without a subject", {}), ("with a subject", {"Subject": "My First Message"})]:
        signature, body = signed({**message, **more}, version, hash, keys)
        accepted(
            f"version {version}, {name}", signature, headers, body, covers_body=False, timed=True,
            events=[{"type": "Notification", "id": message["MessageId"], "subject": message["TopicArn"]}],
        )
message |= {
    "Type": "SubscriptionConfirmation",
    "Token": "2336412f37",
    "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
}
keys = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
signature, body = signed(message, "1", "sha1", keys)
challenged("a subscription is confirmed", headers=headers, body=body, signature=signature)
