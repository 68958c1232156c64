pair = rsa()
secret("public_key", pair.pem)
other("public_key", rsa().pem)
timestamp = at()
nonce = "c5ac7061fccab6bf3e254dcf98995b8c"
body = '{"id":"EV-2018022511223320873","event_type":"TRANSACTION.SUCCESS","summary":"支付成功"}'
signature = b64(pair.sign(timestamp, "\n", nonce, "\n", body, "\n", hash="sha256"))
headers = {"Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce, "Wechatpay-Signature": signature}
accepted(
    "a payment", signature, headers, body, timed=True,
    events=[{"type": "TRANSACTION.SUCCESS", "id": "EV-2018022511223320873"}],
)
published(public_key="/certificate")
