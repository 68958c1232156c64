key = secret("secret", "a token of the test")
url = "https://hooks.example.com/in/plivo"
nonce = "12345678901234567890"
fields = {"To": "4912345", "CallStatus": "ringing", "CallUUID": "7f2c1c04", "CallerName": "Grüße"}
joined = "".join(name + fields[name] for name in sorted(fields))
headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Plivo-Signature-V3-Nonce": nonce}
events = [{"type": "ringing", "subject": "7f2c1c04"}]


def proof(signed):
    signature = b64(hmac("sha256", key, f"{signed}.{nonce}"))
    return signature, {**headers, "X-Plivo-Signature-V3": signature}


signature, proven = proof(url + "?" + joined)
accepted("a call", signature, proven, form(fields), repeats=True, events=events)
signature, proven = proof(url + "?a=1&b=2 3." + joined)
accepted(
    "a call to a URL with parameters", signature, proven, form(fields), target="/in/plivo?b=2%203&a=1", repeats=True,
    events=events,
)
signature, proven = proof(url + "?a=1&b=2")
accepted("a call by GET", signature, proven, method="GET", target="/in/plivo?b=2&a=1", repeats=True)
signature = b64(hmac("sha256", key, url + nonce))
accepted(
    "a message", signature,
    {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Plivo-Signature-V2": signature,
        "X-Plivo-Signature-V2-Nonce": nonce,
    },
    form({"Status": "delivered", "MessageUUID": "7f2c1c04"}), covers_body=False,
    events=[{"type": "delivered", "subject": "7f2c1c04"}],
)
