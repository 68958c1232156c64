key = secret("secret", "a secret of the orb test")
timestamp = "2023-11-14T22:13:20.123456"
body = '{"id":"o4mmewpfNNTnjfZc","type":"invoice.issued","note":"Grüße"}'
signature = hex(hmac("sha256", key, "v1:", timestamp, ":", body))
headers = {"X-Orb-Timestamp": timestamp, "X-Orb-Signature": "v1=" + signature}
accepted(
    "an invoice", signature, headers, body, repeats=True,
    events=[{"type": "invoice.issued", "id": "o4mmewpfNNTnjfZc"}],
)
