key = secret("secret", "a secret of the flutterwave test")
body = '{"type":"charge.completed","data":{"note":"Grüße"}}'
signature = b64(hmac("sha256", key, body))
accepted("version 4", signature, {"flutterwave-signature": signature}, body, events=[{"type": "charge.completed"}])
body = '{"event":"charge.completed","data":{"id":7}}'
accepted("version 3", key, {"verif-hash": key}, body, covers_body=False, events=[{"type": "charge.completed"}])
