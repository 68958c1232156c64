key = secret("secret", "a secret of the airwallex test")
timestamp = at() * 1000
body = '{"name":"payment.succeeded","id":"7f2c1c04","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, body))
headers = {
    "x-timestamp": timestamp,
    "x-signature": signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "payment.succeeded", "id": "7f2c1c04"}],
)
