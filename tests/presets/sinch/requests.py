key = secret("secret", "a secret of the sinch test")
timestamp = at()
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha256", key, body, ".", "msg_2b7f0c9d", ".", timestamp))
headers = {
    "x-sinch-webhook-signature-nonce": "msg_2b7f0c9d",
    "x-sinch-webhook-signature-timestamp": timestamp,
    "x-sinch-webhook-signature": signature,
}
accepted("a delivery", signature, headers, body, timed=True)
