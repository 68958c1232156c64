key = secret("secret", "a secret of the fourthwall test")
body = '{"type":"order.created","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Fourthwall-Hmac-SHA256": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "order.created"}])
