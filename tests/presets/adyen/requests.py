key = secret("secret", "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056")
fields = ["7914073381342284", "", "TestMerchant", "TestPayment-1407325143704", "1130", "EUR", "AUTHORISATION", "true"]
signature = b64(hmac("sha256", bytes.fromhex(key), ":".join(fields)))
item = (
    '{"additionalData":{"hmacSignature":"' + signature + '"},"pspReference":"7914073381342284",'
    '"merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704",'
    '"amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true"}'
)
body = '{"live":"false","notificationItems":[{"NotificationRequestItem":' + item + '}]}'
accepted(
    "an item that is signed by itself", signature, body=body,
    events=[{"type": "AUTHORISATION"}],
)
body = '{"type":"balancePlatform.transfer.updated","data":{"id":"1W1UG35QQEBJLHZ7","note":"Grüße"}}'
signature = b64(hmac("sha256", bytes.fromhex(key), body))
accepted(
    "a signed body", signature, {"HmacSignature": signature}, body,
    events=[{"type": "balancePlatform.transfer.updated"}],
)
