token = secret("secret", "a token of the test")
body = '{"much":"wow"}'
headers = {"ce-id": "A234-1234-1234", "ce-type": "com.example.someevent", "ce-specversion": "1.0"}
events = [{"type": "com.example.someevent", "id": "A234-1234-1234"}]
accepted(
    "an event with its attributes in headers", token, {**headers, "Authorization": "Bearer " + token}, body,
    covers_body=False, events=events,
)
body = '{"specversion":"1.0","id":"A234-1234-1234","type":"com.example.someevent","data":{"much":"wow"}}'
target = "/in/cloudevents?" + form({"access_token": token})
accepted("an event as a whole", token, {"Content-Type": "application/cloudevents+json"}, body, target=target, covers_body=False, events=events)
challenged(
    "the sender asks for permission", method="OPTIONS", headers={"WebHook-Request-Origin": "eventemitter.example.com"},
    answer_headers={"Allow": "POST", "WebHook-Allowed-Origin": "eventemitter.example.com", "WebHook-Allowed-Rate": "120"},
)
