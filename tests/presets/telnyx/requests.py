pair = ed25519()
secret("public_key", b64(pair.raw))
other("public_key", b64(ed25519().raw))
timestamp = at()
body = '{"data":{"id":"0ccc7b54","event_type":"call.initiated","note":"Grüße"}}'
signature = b64(pair.sign(timestamp, "|", body))
accepted(
    "a call", signature, {"telnyx-timestamp": timestamp, "telnyx-signature-ed25519": signature}, body, timed=True,
    events=[{"type": "call.initiated", "id": "0ccc7b54"}],
)
