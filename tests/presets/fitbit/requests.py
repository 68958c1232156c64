key = secret("secret", "123ab4567c123d123e4567890f123aa1")
code = secret("verification_code", "2c3a1b5d8e9f")
body = '[{"collectionType":"foods","date":"2023-11-14","ownerId":"228S74"}]'
signature = b64(hmac("sha1", key + "&", body))
accepted("a change", signature, {"X-Fitbit-Signature": signature}, body, events=[{"type": "foods", "subject": "228S74"}])
challenged("the right code", "", method="GET", target="/in/fitbit?verify=" + code, status=204)
challenged("a wrong code", "", method="GET", target="/in/fitbit?verify=000000000000", status=404)
