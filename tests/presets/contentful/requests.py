key = secret("secret", "a secret of the test, which is as long as one of Contentful: 64.")
timestamp = at() * 1000
body = '{"sys":{"id":"7f2c1c04","type":"Entry"},"fields":{"title":{"de":"Grüße"}}}'
signed = {
    "x-contentful-crn": "crn:contentful:::content:spaces/a",
    "x-contentful-signed-headers": "x-contentful-crn,x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic",
    "x-contentful-timestamp": str(timestamp),
    "x-contentful-topic": "ContentManagement.Entry.publish",
}
listed = ";".join(f"{name}:{signed[name]}" for name in sorted(signed))
signature = hex(hmac("sha256", key, f"POST\n/in/contentful\n{listed}\n{body}"))
accepted(
    "an entry", signature,
    {**signed, "x-contentful-signature": signature, "Content-Type": "application/vnd.contentful.management.v1+json"},
    body, timed=True, events=[{"type": "ContentManagement.Entry.publish", "subject": "7f2c1c04"}],
)
