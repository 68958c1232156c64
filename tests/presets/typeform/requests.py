key = secret("secret", "a secret of the typeform test")
body = '{"event_type":"form.submitted","event_id":"7f2c1c04","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "Typeform-Signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "form.submitted", "id": "7f2c1c04"}])
