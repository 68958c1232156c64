pair = rsa()
fetched(pair.pem)
client = given("client_id", "client_id1")
body = '{"event_id":"eventId1","event":{"hello":"Grüße"},"recipient_client_id":"client_id1"}'
signature = b64(pair.sign(body, hash="sha256"))
headers = {"x-adobe-event-id": "eventId1", "x-adobe-event-code": "asset_created"}
for number in ("1", "2"):
    accepted(
        f"an asset, by the key {number}", signature,
        {
            **headers,
            f"x-adobe-digital-signature-{number}": signature,
            f"x-adobe-public-key{number}-path": f"/prod/keys/pub-key-{number}.pem",
        },
        body, events=[{"type": "asset_created", "id": "eventId1"}],
    )
challenged(
    "the set-up", "8ec8d794-e0ab-42df-9017-e3dada8e84f7", method="GET",
    target="/in/adobe-io?challenge=8ec8d794-e0ab-42df-9017-e3dada8e84f7",
)
published()
