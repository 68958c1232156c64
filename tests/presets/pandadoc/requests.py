key = secret("secret", "a secret of the pandadoc test")
body = '[{"event":"document_state_changed","data":{"id":"7f2c1c04","name":"Grüße"}}]'
signature = hex(hmac("sha256", key, body))
accepted(
    "a document", signature, body=body, target="/in/pandadoc?signature=" + signature,
    events=[{"type": "document_state_changed"}],
)
