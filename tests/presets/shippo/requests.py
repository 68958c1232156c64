key = secret("secret", "a secret of the shippo test")
timestamp = at()
body = '{"event":"package.delivered","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Shippo-Auth-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "package.delivered"}],
)
