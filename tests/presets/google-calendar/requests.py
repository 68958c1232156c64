token = secret("secret", "a token of the test")
headers = {"X-Goog-Resource-State": "exists", "X-Goog-Resource-ID": "o3hgv1538sdjfh", "X-Goog-Channel-Token": token}
accepted("a delivery", token, headers, '', covers_body=False, events=[{"type": "exists", "subject": "o3hgv1538sdjfh"}])
