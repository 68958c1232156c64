key = secret("secret", "a secret of the midtrans test")
signature = hex(digest("sha512", "Postman-1578568851", "200", "10000.00", key))
body = (
    '{"order_id":"Postman-1578568851","status_code":"200","gross_amount":"10000.00",'
    '"transaction_status":"capture","signature_key":"' + signature + '"}'
)
accepted(
    "a payment", signature, body=body, covers_body=False,
    events=[{"type": "capture", "subject": "Postman-1578568851"}],
)
