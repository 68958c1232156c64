key = secret("secret", "a secret of the elevenlabs test")
timestamp = at()
body = '{"type":"task.completed","note":"Grüße"}'
signature = hex(hmac("sha256", key, timestamp, ".", body))
headers = {
    "ElevenLabs-Signature": f"t={timestamp},v0={signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "task.completed"}],
)
