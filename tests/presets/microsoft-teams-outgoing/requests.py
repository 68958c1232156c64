key = secret("secret", "bm90IGEgc2VjcmV0LCBidXQgYSB0ZXN0IHZlY3RvciE=")
other("secret", "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHNhbWUgbGVuZ3RoISE=")
body = '{"type":"something.happened","id":"7f2c1c04","note":"Grüße"}'
signature = b64(hmac("sha256", unb64(key), body))
headers = {
    "Authorization": "HMAC " + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened", "id": "7f2c1c04"}])
