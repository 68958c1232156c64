key = secret("secret", "sécret")
body = '{"id":"evt_2b7f0c9d","description":"tracker.updated","note":"Grüße"}'
signature = hex(hmac("sha256", "se\u0301cret", body))
accepted(
    "a tracker", signature, {"X-Hmac-Signature": "hmac-sha256-hex=" + signature}, body,
    events=[{"type": "tracker.updated", "id": "evt_2b7f0c9d"}],
)
