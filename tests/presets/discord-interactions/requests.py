pair = ed25519()
secret("public_key", hex(pair.raw))
other("public_key", hex(ed25519().raw))
timestamp = at()

def signed(body):
    signature = hex(pair.sign(timestamp, body))
    return signature, {"X-Signature-Timestamp": timestamp, "X-Signature-Ed25519": signature}

body = '{"id":"1080","type":2,"data":{"name":"ask"},"note":"Grüße"}'
signature, headers = signed(body)
accepted("a command", signature, headers, body, timed=True, events=[{"id": "1080"}])
body = '{"id":"1081","type":1}'
signature, headers = signed(body)
challenged("the endpoint is entered", {"type": 1}, headers, body, signature=signature)
