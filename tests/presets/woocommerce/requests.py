key = secret("secret", "a secret of the woocommerce test")
body = '{"id":727,"status":"processing","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-WC-Webhook-Topic": "order.created",
    "X-WC-Webhook-Delivery-ID": "72d3162ecc78",
    "X-WC-Webhook-Signature": signature,
}
accepted("an order", signature, headers, body, events=[{"type": "order.created", "id": "72d3162ecc78"}])
headers = {"Content-Type": "application/x-www-form-urlencoded"}
challenged("the webhook is saved", headers=headers, body=form({"webhook_id": 7}))
