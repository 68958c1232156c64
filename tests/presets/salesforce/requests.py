token = secret("secret", "a-token-of-the-test")
body = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D000000000000EAA</OrganizationId>'
    '<Notification><Id>04l0</Id><sObject xsi:type="sf:Contact"><sf:Name>Grüße</sf:Name></sObject></Notification>'
    "</notifications></soapenv:Body></soapenv:Envelope>"
)
accepted(
    "a contact", token, {"Content-Type": "text/xml; charset=utf-8"}, body, target="/in/salesforce?" + form({"token": token}),
    covers_body=False, events=[{"type": "Contact", "data": body}],
)
