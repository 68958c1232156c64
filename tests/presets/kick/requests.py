pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
timestamp = "2023-11-14T22:13:20Z"
body = '{"message_id":"7","content":"Grüße"}'
signature = b64(pair.sign("01JNXQ.", timestamp, ".", body, hash="sha256"))
headers = {
    "Kick-Event-Type": "chat.message.sent",
    "Kick-Event-Message-Id": "01JNXQ",
    "Kick-Event-Message-Timestamp": timestamp,
    "Kick-Event-Signature": signature,
}
accepted("a message", signature, headers, body, timed=True, events=[{"type": "chat.message.sent", "id": "01JNXQ"}])
