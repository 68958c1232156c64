pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
body = '{"data":{"order":{"id":7,"note":"Grüße"}}}'
signature = b64(pair.sign(b64(body), hash="sha256"))
accepted("an order", signature, {"x-adobe-commerce-webhook-signature": signature}, body)
