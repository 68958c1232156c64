token = secret("token", "a token of the test")
aes_key = secret("aes_key", "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus")
owner = given("owner", "dingwpm8ahzpjcy3ikop")
timestamp = "1700000000000"
nonce = "380320111"
key = unb64(aes_key + "=")


def sealed(text):
    ciphertext = b64(encrypted(key, key[:16], framed(text, owner), multiple=32))
    signature = hex(digest("sha1", *sorted([token, timestamp, nonce, ciphertext])))
    return signature, json.dumps({"encrypt": ciphertext})


answered = {
    "key": hex(key), "message": "success", "receiver": owner, "token": token,
    "ciphertext": "/encrypt", "signature": "/msg_signature", "parts": ["/timeStamp", "/nonce", "/encrypt"],
}
signature, body = sealed('{"EventType":"user_add_org","CorpId":"ding9f50b15bccd16741","note":"Grüße"}')
for name in ["signature", "msg_signature"]:
    accepted(
        "a new colleague, by " + name, signature, body=body, events=[{"type": "user_add_org"}], sealed=answered,
        target="/in/dingtalk?" + form({name: signature, "timestamp": timestamp, "nonce": nonce}),
    )
signature, body = sealed('{"EventType":"check_url"}')
challenged(
    "the URL is entered", body=body, signature=signature, sealed=answered,
    target="/in/dingtalk?" + form({"signature": signature, "timestamp": timestamp, "nonce": nonce}),
)
