key = secret("secret", "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")
timestamp = at()
body = '{"type":"response.completed","data":{"id":"resp_abc123","note":"Grüße"}}'
signature = b64(hmac("sha256", unb64(key.removeprefix("whsec_")), f"wh_685342e6c53c.{timestamp}.{body}"))
headers = {"webhook-id": "wh_685342e6c53c", "webhook-timestamp": timestamp, "webhook-signature": "v1," + signature}
accepted(
    "a response", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "response.completed", "id": "wh_685342e6c53c"}],
)
