key = secret("secret", "a secret of the btcpay test")
body = '{"deliveryId":"3kbE","originalDeliveryId":"2jaD","isRedelivery":true,"type":"InvoiceSettled","invoiceId":"7f2c","note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
accepted(
    "an invoice", signature, {"BTCPay-Sig": "sha256=" + signature}, body,
    events=[{"type": "InvoiceSettled", "id": "2jaD", "subject": "7f2c"}],
)
