pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
body = '{"event":"MessageSent","uuid":"5ec5ad20","payload":{"note":"Grüße"}}'
signature = b64(pair.sign(body, hash="sha1"))
accepted("a delivery", signature, {"X-Postal-Signature": signature}, body, events=[{"type": "MessageSent", "id": "5ec5ad20"}])
