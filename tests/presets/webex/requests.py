key = secret("secret", "a secret of the webex test")
body = '{"id":"Y2lz","resource":"messages","event":"created","data":{"id":"Y2lzY29z"},"note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "X-Spark-Signature": signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "messages.created", "subject": "Y2lzY29z"}])
