key = secret("secret", "a secret of the webex test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha1", key, body))
headers = {
    "X-Spark-Signature": signature,
}
accepted("a delivery", signature, headers, body)
