pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
payload = {"id": "dca3c1f6", "entityFqdn": "wix.contacts.v4.contact", "entityId": "2eb9c7a1", "note": "Grüße"}
data = {"eventType": "wix.contacts.v4.contact_updated", "instanceId": "a1b2", "data": json.dumps(payload)}
token = jwt("sha256", pair, {"data": json.dumps(data), "iat": at(), "exp": at() + 3600})
signature = token.split(".")[2]
accepted(
    "a contact", signature, {"Content-Type": "text/plain"}, token, covers_body=False, timed=True,
    events=[{"type": "wix.contacts.v4.contact_updated", "id": "dca3c1f6", "subject": "2eb9c7a1", "data": data}],
)
