pair = p256()
given("client_id", "5ecf00ba4d1d6e0010a2a1b2")
secret("secret", "5cdc4b8f1f0e7a9d3c2b1a09f8e7d6")
given("host", "production.plaid.com")
now = at()
fetched(json.dumps({"key": {**pair.jwk("bfbd5111-8e33-4643-8ced-b2e642a72f3c"), "created_at": 1560466150, "expired_at": None}, "request_id": "RZ6Omi1bzzwDaLo"}))
body = '{\n  "item_id": "wz666MBjYWTp2PDzzggYhM6oWWmBb",\n  "note": "Grüße",\n  "webhook_code": "DEFAULT_UPDATE",\n  "webhook_type": "TRANSACTIONS"\n}'
claims = {"iat": now, "request_body_sha256": hex(digest("sha256", body))}
token = jwt("sha256", pair, claims, {"kid": "bfbd5111-8e33-4643-8ced-b2e642a72f3c"})
accepted(
    "transactions", token, {"Plaid-Verification": token}, body, timed=True, proves_by_secret=False,
    events=[{"type": "TRANSACTIONS.DEFAULT_UPDATE"}],
)
