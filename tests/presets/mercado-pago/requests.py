key = secret("secret", "a secret of the test")
request = "bb56a2f1-6aae-46ac-982e-9dcd3581d08e"
body = '{"id":12345,"type":"payment","action":"payment.updated","data":{"id":"ORD01JQ"}}'
events = [{"type": "payment.updated", "id": "12345", "subject": "ORD01JQ"}]
seconds = at()
for name, named, timestamp, target, more in [
    ("an order", f"id:ord01jq;request-id:{request};", seconds * 1000, "?data.id=ORD01JQ&type=order", {"x-request-id": request}),
    ("in seconds", f"id:ord01jq;request-id:{request};", seconds, "?data.id=ORD01JQ&type=order", {"x-request-id": request}),
    ("an order as it stands", f"id:ORD01JQ;request-id:{request};", seconds, "?data.id=ORD01JQ", {"x-request-id": request}),
    ("without a name", "", seconds * 1000, "", {}),
]:
    signature = hex(hmac("sha256", key, f"{named}ts:{timestamp};"))
    accepted(
        name, signature, {"x-signature": f"ts={timestamp},v1={signature}", **more}, body,
        target="/in/mercado-pago" + target, covers_body=False, timed=True, repeats=True, events=events,
    )
