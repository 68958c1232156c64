key = secret("secret", "0123456789abcdef0123456789abcdef")
body = '{"eventId":"3cc2ac5a","eventDetails":{"type":"authorized","note":"Grüße"}}'
signature = hex(hmac("sha256", key, body))
accepted(
    "a payment", signature, {"Event-Signature": f"1/SHA256/{signature}"}, body,
    repeats=True, events=[{"type": "authorized", "id": "3cc2ac5a"}],
)
other_one = hex(hmac("sha256", "the key that is replaced", body))
accepted(
    "while a key is replaced", signature, {"Event-Signature": f"1/SHA256/{other_one},2/SHA256/{signature}"}, body,
    repeats=True, events=[{"type": "authorized", "id": "3cc2ac5a"}],
)
