key = secret("secret", "bm90IGEgc2VjcmV0LCBidXQgYSB0ZXN0IHZlY3RvciE=")
other("secret", "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHNhbWUgbGVuZ3RoISE=")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", unb64(key), body))
headers = {
    "X-Airtable-Content-MAC": "hmac-sha256=" + signature,
}
accepted("a delivery", signature, headers, body)
