pair = ed25519()
secret("public_key", hex(pair.raw))
other("public_key", hex(ed25519().raw))
timestamp = at()

def signed(body):
    signature = hex(pair.sign(timestamp, body))
    return signature, {"X-Signature-Timestamp": timestamp, "X-Signature-Ed25519": signature}

body = '{"type":1,"event":{"type":"APPLICATION_AUTHORIZED","note":"Grüße"}}'
signature, headers = signed(body)
accepted("an event", signature, headers, body, timed=True, events=[{"type": "APPLICATION_AUTHORIZED"}])
body = '{"type":0}'
signature, headers = signed(body)
challenged("the endpoint is entered", "", headers, body, status=204, signature=signature)
