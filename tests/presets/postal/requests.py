pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
body = '{"event":"MessageSent","uuid":"5ec5ad20","payload":{"note":"Grüße"}}'
events = [{"type": "MessageSent", "id": "5ec5ad20"}]
for name, hash in [("X-Postal-Signature-256", "sha256"), ("X-Postal-Signature", "sha1")]:
    signature = b64(pair.sign(body, hash=hash))
    accepted("by " + hash, signature, {name: signature}, body, events=events)
