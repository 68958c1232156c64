key = secret("secret", "a secret of the ashby test")
body = '{"action":"candidate.hired","webhookActionId":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Ashby-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "candidate.hired", "id": "7f2c1c04"}])
