name = given("header", "X-Webhook-Token")
token = secret("secret", "a token of the test")
accepted("a delivery", token, {name: token}, '{"type":"INSERT","table":"orders","record":{"id":7}}', covers_body=False, events=[{"type": "orders.INSERT"}])
