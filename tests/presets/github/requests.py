key = secret("secret", "It's a Secret to Everybody")
body = '{"zen":"Keep it logically awesome.","hook_id":1}'
signature = hex(hmac("sha256", key, body))
headers = {
    "X-GitHub-Event": "ping",
    "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "X-Hub-Signature-256": "sha256=" + signature,
}
accepted(
    "a ping", signature, headers, body,
    events=[{"type": "github.ping", "id": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}],
)
