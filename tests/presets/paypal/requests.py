import zlib

pair = rsa()
certificate(pair.certificate())
at(now=1798761600)
webhook = given("webhook_id", "96605875FF6516633")
timestamp = "2027-01-01T00:00:00Z"
body = '{"id":"WH-7YX49823S2290830K","event_type":"PAYMENT.SALE.COMPLETED","summary":"Grüße"}'
signature = b64(pair.sign(f"69cd13f0|{timestamp}|{webhook}|{zlib.crc32(body.encode())}", hash="sha256"))
headers = {
    "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    "PAYPAL-CERT-URL": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-aecacc47",
    "PAYPAL-TRANSMISSION-ID": "69cd13f0",
    "PAYPAL-TRANSMISSION-TIME": timestamp,
    "PAYPAL-TRANSMISSION-SIG": signature,
}
accepted(
    "a payment", signature, headers, body, timed=True,
    events=[{"type": "PAYMENT.SALE.COMPLETED", "id": "WH-7YX49823S2290830K"}],
)
published(webhook_id="/webhook_id")
