token = secret("secret", "a-token-of-the-test")
target = "/in/statuspage?" + form({"token": token})
for body, event in [
    ('{"page":{"id":"j2mf"},"incident":{"id":"lbkh","name":"Grüße"}}', {"type": "incident", "subject": "lbkh"}),
    (
        '{"page":{"id":"j2mf"},"component_update":{"new_status":"major_outage"},"component":{"id":"rb5w"}}',
        {"type": "component_update", "subject": "rb5w"},
    ),
]:
    accepted("about a " + event["type"], token, body=body, target=target, covers_body=False, events=[event])
