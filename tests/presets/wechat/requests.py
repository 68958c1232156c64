token = secret("secret", "a token of the test")
timestamp = at()
nonce = "486452656"
signature = hex(digest("sha1", *sorted([token, str(timestamp), nonce])))
proof = {"signature": signature, "timestamp": timestamp, "nonce": nonce}
body = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[Grüße]]></Content></xml>"
accepted(
    "a message", signature, {"Content-Type": "text/xml"}, body, target="/in/wechat?" + form(proof),
    covers_body=False, timed=True, events=[{"type": "text"}],
)
challenged(
    "the server is entered", "5836258832139541", method="GET", signature=signature,
    target="/in/wechat?" + form({**proof, "echostr": "5836258832139541"}),
)
unpublished("wechat-1", "its timestamp is a letter")
