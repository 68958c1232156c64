token = secret("token", "a token of the test")
aes_key = secret("aes_key", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C")
receiver = given("receiver", "wx5823bf96d3bd56c7")
timestamp = at()
nonce = "1597212914"
key = unb64(aes_key + "=")


def sealed(text):
    return b64(encrypted(key, key[:16], framed(text, receiver), multiple=32))


def proof(ciphertext):
    signature = hex(digest("sha1", *sorted([token, str(timestamp), nonce, ciphertext])))
    return signature, {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


ciphertext = sealed("<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[Grüße]]></Content></xml>")
signature, query = proof(ciphertext)
accepted(
    "a message", signature, {"Content-Type": "text/xml"},
    f"<xml><ToUserName><![CDATA[{receiver}]]></ToUserName><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>",
    target="/in/wecom?" + form(query), covers_body=False, timed=True, events=[{"type": "text"}],
)
ciphertext = sealed("1616140317555161061")
signature, query = proof(ciphertext)
challenged(
    "the URL is entered", "1616140317555161061", method="GET", signature=signature,
    target="/in/wecom?" + form({**query, "echostr": ciphertext}),
)
