key = secret("secret", "a secret of the npm test")
body = '{"event":"package:publish","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "x-npm-signature": "sha256=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "package:publish"}])
