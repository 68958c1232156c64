public = given("public_key", "9j7zwc9qkd9ffyz8")
key = digest("sha1", secret("private_key", "a private key of the test"))
headers = {"Content-Type": "application/x-www-form-urlencoded"}
xml = "<notification><kind>subscription_went_past_due</kind><subject>Grüße</subject></notification>"
for name, payload, signed in [
    ("a notification", b64(xml) + "\n", b64(xml) + "\n"),
    ("a notification whose last line break is lost", b64(xml), b64(xml) + "\n"),
]:
    signature = hex(hmac("sha1", key, signed))
    proof = f"another|{hex(hmac('sha1', 'another', signed))}&{public}|{signature}"
    accepted(
        name, signature, headers, form({"bt_signature": proof, "bt_payload": payload}),
        events=[{"type": "subscription_went_past_due", "data": xml}],
    )
code = "20f9f8ed05f77439fe955c977e4c8a53"
challenged(
    "the URL is entered", public + "|" + hex(hmac("sha1", key, code)), method="GET",
    target="/in/braintree?" + form({"bt_challenge": code}),
)
published(public_key="/public_key", private_key="/secret")
