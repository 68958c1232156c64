key = secret("secret", "whsec_bm90IGEgc2VjcmV0LCBidXQgYSB0ZXN0IHZlY3RvciE=")
other("secret", "whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlIHNhbWUgbGVuZ3RoISE=")
timestamp = at()
body = '{"object_type":"user","action":"CREATE","note":"Grüße"}'
signature = b64(hmac("sha256", unb64(key.removeprefix("whsec_")), "7f2c1c04", ".", timestamp, ".", body))
headers = {
    "svix-id": "7f2c1c04",
    "svix-timestamp": timestamp,
    "svix-signature": f"v1,{signature}",
}
accepted("a delivery", signature, headers, body, timed=True, repeats=True, events=[{"type": "user.CREATE", "id": "7f2c1c04"}])
