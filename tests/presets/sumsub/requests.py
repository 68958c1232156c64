key = secret("secret", "a secret of the sumsub test")
body = '{"applicantId":"5c9e177b","type":"applicantReviewed","reviewResult":{"moderationComment":"Grüße"}}'
for hash in ["sha256", "sha512"]:
    signature = hex(hmac(hash, key, body))
    accepted(
        "by " + hash, signature, {"X-Payload-Digest": signature, "X-Payload-Digest-Alg": f"HMAC_{hash.upper()}_HEX"},
        body, events=[{"type": "applicantReviewed", "subject": "5c9e177b"}],
    )
