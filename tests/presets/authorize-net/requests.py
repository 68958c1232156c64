key = secret("secret", "5f1d7a9c3b2e4f60718293a4b5c6d7e8")
body = '{"notificationId":"d0e8e7fe","eventType":"net.authorize.payment.authcapture.created","note":"Grüße"}'
signature = hex(hmac("sha512", bytes.fromhex(key), body)).upper()
accepted(
    "a payment", signature, {"X-ANET-Signature": "sha512=" + signature}, body,
    events=[{"type": "net.authorize.payment.authcapture.created", "id": "d0e8e7fe"}],
)
