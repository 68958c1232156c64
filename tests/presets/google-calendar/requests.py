token = secret("secret", "a token of the test")
headers = {"X-Goog-Channel-ID": "4ba78bf0", "X-Goog-Message-Number": "10", "X-Goog-Resource-State": "exists", "X-Goog-Resource-ID": "o3hgv1538sdjfh", "X-Goog-Channel-Token": token}
accepted("a delivery", token, headers, '', covers_body=False, events=[{"id": "4ba78bf0/10", "type": "exists", "subject": "o3hgv1538sdjfh"}])
