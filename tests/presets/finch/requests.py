key = secret("secret", "bm90IGEgc2VjcmV0LCBidXQgYSB0ZXN0IHZlY3RvciE=")
other("secret", "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHNhbWUgbGVuZ3RoISE=")
timestamp = at()
body = '{"event_type":"candidate.hired","note":"Grüße"}'
signature = b64(hmac("sha256", unb64(key), "7f2c1c04", ".", timestamp, ".", body))
headers = {
    "Finch-Event-Id": "7f2c1c04",
    "Finch-Timestamp": timestamp,
    "Finch-Signature": f"v1,{signature}",
}
accepted(
    "a delivery", signature, headers, body, timed=True, repeats=True,
    events=[{"type": "candidate.hired", "id": "7f2c1c04"}],
)
