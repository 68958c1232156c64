key = secret("secret", "a secret of the razorpay test")
body = '{"event":"payment.succeeded","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "x-razorpay-event-id": "7f2c1c04",
    "X-Razorpay-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "payment.succeeded", "id": "7f2c1c04"}])
