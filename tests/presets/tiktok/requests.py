key = secret("secret", "a secret of the tiktok test")
timestamp = at()
body = '{"event":"comment.created","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "TikTok-Signature": f"t={timestamp},s={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "comment.created"}],
)
