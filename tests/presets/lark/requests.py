key = secret("encrypt_key", "an encrypt key of the test")
token = secret("verification_token", "iRdCP2WwXNBXRM3mGLqhrgch3cn0gbT6")
timestamp = at()
nonce = "1628562047"


def sealed(text):
    iv = bytes(range(16))
    return json.dumps({"encrypt": b64(iv + encrypted(digest("sha256", key), iv, text))})


for name, text, event in [
    (
        "a message",
        '{"schema":"2.0","header":{"event_id":"5e3702a8","event_type":"im.message.receive_v1"},"event":{"note":"Grüße"}}',
        {"type": "im.message.receive_v1", "id": "5e3702a8"},
    ),
    (
        "a message of the first version",
        '{"ts":"1502199207.7171419","uuid":"bc447199585340d1","type":"event_callback","event":{"type":"message"}}',
        {"type": "message", "id": "bc447199585340d1"},
    ),
]:
    body = sealed(text)
    signature = hex(digest("sha256", str(timestamp), nonce, key, body))
    headers = {"X-Lark-Signature": signature, "X-Lark-Request-Timestamp": timestamp, "X-Lark-Request-Nonce": nonce}
    accepted(name, signature, headers, body, timed=True, events=[event])
challenged(
    "the request URL is entered", {"challenge": "5634b122-c042"},
    body=sealed(json.dumps({"challenge": "5634b122-c042", "token": token, "type": "url_verification"})),
)
published(encrypt_key="/secret")
