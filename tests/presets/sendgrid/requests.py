pair = p256()
secret("public_key", "".join(pair.pem.splitlines()[1:-1]))
other("public_key", "".join(p256().pem.splitlines()[1:-1]))
timestamp = at()
body = '[{"sg_event_id":"ZGVsaXZlcmVk","event":"delivered","note":"Grüße"}]\r\n'
signature = b64(pair.sign(timestamp, body, hash="sha256"))
headers = {
    "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    "X-Twilio-Email-Event-Webhook-Signature": signature,
}
accepted("a mail", signature, headers, body, timed=True, events=[{"type": "delivered", "id": "ZGVsaXZlcmVk"}])
published(public_key="/public_key")
