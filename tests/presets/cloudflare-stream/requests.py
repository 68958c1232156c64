key = secret("secret", "a secret of the cloudflare-stream test")
timestamp = at()
body = '{"status":{"state":"video.ready"},"note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "Webhook-Signature": f"time={timestamp},sig1={signature}",
}
accepted("a delivery", signature, headers, body, timed=True, repeats=True, events=[{"type": "video.ready"}])
