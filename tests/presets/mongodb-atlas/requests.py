key = secret("secret", "a secret of the mongodb-atlas test")
body = '{"id":7,"note":"Grüße"}'
signature = b64(hmac("sha1", key, body))
headers = {
    "X-MMS-Event": "something.happened",
    "X-MMS-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "something.happened"}])
