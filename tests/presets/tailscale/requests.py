key = secret("secret", "a secret of the tailscale test")
timestamp = at()
body = '[{"type":"finding.created","note":"Grüße"}]'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Tailscale-Webhook-Signature": f"t={timestamp},v1={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "finding.created"}],
)
