pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
body = '{"action":"message_create","data":{"note":"Grüße"}}'
signature = b64(pair.sign(body, hash="sha256"))
accepted("a delivery", signature, {"X-Freshchat-Signature": signature}, body, events=[{"type": "message_create"}])
