key = secret("secret", "a secret of the coinbase test")
timestamp = at()
body = '{"eventType":"onramp.transaction.created","note":"Grüße"}'
signed = f"{timestamp}.content-type x-hook0-id x-absent.application/json.7f2c1c04..{body}"
signature = hex(hmac("sha256", key, signed))
headers = {
    "Content-Type": "application/json",
    "X-Hook0-Id": "7f2c1c04",
    "X-Hook0-Signature": f"t={timestamp},h=content-type x-hook0-id x-absent,v1={signature}",
}
accepted("a transaction", signature, headers, body, timed=True, events=[{"type": "onramp.transaction.created"}])
