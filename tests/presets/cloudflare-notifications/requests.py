token = secret("secret", "a token of the test")
headers = {"cf-webhook-auth": token}
accepted("a delivery", token, headers, '{"name":"Example","alert_type":"universal_ssl_event_type"}', covers_body=False, events=[{"type": "universal_ssl_event_type"}])
