key = secret("secret", "a secret of the zoho-payments test")
timestamp = at() * 1000
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "X-Zoho-Webhook-Signature": f"t={timestamp},v={signature}",
}
accepted("a delivery", signature, headers, body, timed=True, repeats=True)
