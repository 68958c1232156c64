key = secret("secret", "a secret of the box test")
timestamp = "2023-11-14T22:13:20Z"
body = '{"trigger":"file.uploaded","note":"Grüße"}'
signature = b64(hmac("sha256", key, body, timestamp))
headers = {
    "box-delivery-id": "7f2c1c04",
    "box-delivery-timestamp": timestamp,
    "box-signature-primary": signature,
}
accepted(
    "a delivery", signature, headers, body, timed=True,
    events=[{"type": "file.uploaded", "id": "7f2c1c04"}],
)
