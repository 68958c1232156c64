key = secret("secret", "polar_whs_0f1e2d3c4b5a")
timestamp = at()
body = '{"type":"order.paid","data":{"note":"Grüße"}}'
signature = b64(hmac("sha256", key, f"msg_2b7f0c9d.{timestamp}.{body}"))
headers = {"webhook-id": "msg_2b7f0c9d", "webhook-timestamp": timestamp, "webhook-signature": "v1," + signature}
accepted(
    "an order", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "order.paid", "id": "msg_2b7f0c9d"}],
)
