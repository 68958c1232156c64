key = secret("secret", "a secret of the smartsheet test")
body = '{"id":7,"note":"Grüße"}'
signature = hex(hmac("sha256", key, body))
headers = {
    "Smartsheet-Hmac-SHA256": signature,
}
accepted("a delivery", signature, headers, body)
challenge = "1d0dd8cb-1ba7-4e4c-9a9e-4b2a4b4ee6a0"
challenged(
    "the webhook is enabled", {"smartsheetHookResponse": challenge}, {"Smartsheet-Hook-Challenge": challenge},
    '{"challenge":"' + challenge + '","webhookId":7}', answer_headers={"Smartsheet-Hook-Response": challenge},
)
