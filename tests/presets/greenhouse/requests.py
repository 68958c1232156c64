key = secret("secret", "a secret of the greenhouse test")
body = '{"action":"candidate.hired","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Greenhouse-Event-ID": "7f2c1c04",
    "Signature": "sha256 " + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "candidate.hired", "id": "7f2c1c04"}])
