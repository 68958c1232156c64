key = secret("secret", "a secret of the affirm test")
timestamp = at()
body = '{"event":"payment.succeeded","note":"Grüße"}'
signature = hex(hmac("sha512", key, timestamp, ".", body))
headers = {
    "X-Affirm-Signature": f"t={timestamp},v0={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "payment.succeeded"}],
)
