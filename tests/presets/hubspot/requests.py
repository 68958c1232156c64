key = secret("secret", "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
timestamp = at() * 1000
url = "https://hooks.example.com/in/hubspot"
body = '[{"eventId":1,"subscriptionType":"contact.creation","objectId":123}]'
signature = b64(hmac("sha256", key, "POST", url, body, timestamp))
headers = {"X-HubSpot-Request-Timestamp": timestamp, "X-HubSpot-Signature-v3": signature}
events = [{"type": "contact.creation", "subject": "123"}]
accepted("version 3", signature, headers, body, timed=True, events=events)
signature = hex(digest("sha256", key, "POST", url, body))
accepted("version 2", signature, {"X-HubSpot-Signature-Version": "v2", "X-HubSpot-Signature": signature}, body, events=events)
signature = hex(digest("sha256", key, body))
accepted("version 1", signature, {"X-HubSpot-Signature-Version": "v1", "X-HubSpot-Signature": signature}, body, events=events)
