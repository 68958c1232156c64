key = secret("secret", "a secret of the recurly test")
timestamp = at() * 1000
body = '{"id":"pru3j4vm5b8g","object_type":"account","event_type":"created","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
accepted(
    "a delivery", signature, {"recurly-signature": f"{timestamp},{signature}"}, body, timed=True,
    events=[{"type": "account.created", "id": "pru3j4vm5b8g"}],
)
