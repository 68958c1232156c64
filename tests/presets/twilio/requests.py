key = secret("secret", "12345")
other("secret", "12346")
url = "https://hooks.example.com/in/twilio"
pairs = [("From", "+14158675309"), ("To", "+18005551212"), ("Body", "Grüße & more"), ("CallSid", "CA1234567890ABCDE")]
signature = b64(hmac("sha1", key, url, *[name + value for name, value in sorted(pairs)]))
headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
accepted("a message", signature, headers, form(pairs))

body = '{"data":{"id":7}}'
target = "/in/twilio?bodySHA256=" + hex(digest("sha256", body))
signature = b64(hmac("sha1", key, "https://hooks.example.com", target))
accepted("an event as JSON", signature, {"X-Twilio-Signature": signature}, body, target=target)

signature = b64(hmac("sha1", key, url, "?CallSid=CA1"))
accepted("without a body", signature, {"X-Twilio-Signature": signature}, method="GET", target="/in/twilio?CallSid=CA1")
