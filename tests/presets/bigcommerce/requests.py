key = secret("secret", "a secret of the bigcommerce test")
timestamp = at()
body = '{"scope":"store/order/created","hash":"3f9ea420","note":"Grüße"}'
signature = b64(hmac("sha256", key, f"msg_2b7f0c9d.{timestamp}.{body}"))
headers = {"webhook-id": "msg_2b7f0c9d", "webhook-timestamp": timestamp, "webhook-signature": "v1," + signature}
accepted(
    "an order", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "store/order/created", "id": "msg_2b7f0c9d"}],
)
