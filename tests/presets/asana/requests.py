key = secret("secret", "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81")
body = '{"events":[{"action":"changed","resource":{"gid":"1337","resource_type":"task"}}]}'
signature = hex(hmac("sha256", key, body))
accepted(
    "a change", signature, {"X-Hook-Signature": signature}, body, events=[{"type": "task.changed", "subject": "1337"}],
)
body = '{"events":[]}'
signature = hex(hmac("sha256", key, body))
accepted("a heartbeat", signature, {"X-Hook-Signature": signature}, body, events=[])
challenged("the webhook is created", headers={"X-Hook-Secret": key}, answer_headers={"X-Hook-Secret": key})
