key = secret("secret", "6120736563726574206f662074686520636c6f73652074657374")
timestamp = at()
body = '{"subscription_id":"whsub_1","event":{"id":"ev_2uG9","object_type":"lead","action":"created","note":"Grüße"}}'
signature = hex(hmac("sha256", bytes.fromhex(key), f"{timestamp}{body}"))
headers = {"close-sig-hash": signature, "close-sig-timestamp": timestamp}
accepted("a lead", signature, headers, body, timed=True, events=[{"type": "lead.created", "id": "ev_2uG9"}])
