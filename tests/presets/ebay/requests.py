pair = p256()
token = secret("verification_token", "71745723-d031-455c-bfa5-f90d11b4f20a")
given("client_id", "tester-app-PRD-1a2b3c4d5-6e7f8a9b")
secret("client_secret", "PRD-1a2b3c4d5e6f-7a8b-9c0d-1e2f-3a4b")
# It comes on one line.
fetched(json.dumps({"key": pair.pem.replace("\n", ""), "algorithm": "ECDSA", "digest": "SHA1"}))
body = '{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION","schemaVersion":"1.0"},"notification":{"notificationId":"49feeaeb","eventDate":"2021-03-19T20:43:59.462Z","data":{"username":"Grüße"}}}'
said = {"alg": "ecdsa", "kid": "9936261a-7d7b-4621-a0f1-96ccb428af49", "signature": b64(pair.sign(body, hash="sha1")), "digest": "SHA1"}
signature = b64(json.dumps(said, separators=(",", ":")))
accepted(
    "a deletion", signature, {"X-EBAY-SIGNATURE": signature}, body, proves_by_secret=False,
    events=[{"type": "MARKETPLACE_ACCOUNT_DELETION", "id": "49feeaeb"}],
)
code = "a8628072-3d33-45ee-9004-bee86830a22d"
url = "https://hooks.example.com/in/ebay"
challenged(
    "the set-up", {"challengeResponse": hex(digest("sha256", code, token, url))}, method="GET",
    target=f"/in/ebay?challenge_code={code}",
)
published(verification_token="/secret")
