token = secret("secret", "a token of the test")
headers = {"webhook-id": "7f2c1c04", "x-callback-token": token}
accepted("a delivery", token, headers, '{"event":"payment.succeeded"}', covers_body=False, events=[{"type": "payment.succeeded", "id": "7f2c1c04"}])
