key = secret("secret", "hush-2f8a6e40c1")
body = '{"id":820982911946154508,"email":"jon@example.com","note":"Grüße"}'
signature = b64(hmac("sha256", key, body))
headers = {
    "X-Shopify-Topic": "orders/create",
    "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    "X-Shopify-Shop-Domain": "example.myshopify.com",
    "X-Shopify-Hmac-Sha256": signature,
}
accepted(
    "an order", signature, headers, body,
    events=[{
        "type": "orders/create", "id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "subject": "example.myshopify.com",
    }],
)
unpublished("shopify-1", "it is a redirect of a browser, not a webhook")
unpublished("shopify-2", "it is a request of a storefront, not a webhook")
