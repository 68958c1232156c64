key = secret("secret", "a secret of the xero test")
body = '{"events":[{"eventCategory":"INVOICE","eventType":"UPDATE","resourceId":"717f2bfc"}],"entropy":"S0m3r4nd0m"}'
signature = b64(hmac("sha256", key, body))
accepted(
    "a change", signature, {"x-xero-signature": signature}, body,
    events=[{"type": "INVOICE.UPDATE", "subject": "717f2bfc"}],
)
body = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4nd0m"}'
signature = b64(hmac("sha256", key, body))
accepted("the intent to receive", signature, {"x-xero-signature": signature}, body, events=[])
