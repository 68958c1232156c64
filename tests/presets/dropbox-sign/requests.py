key = secret("secret", "a key of the dropbox test")
signature = hex(hmac("sha256", key, "1348177752signature_request_sent"))
said = {"event": {"event_time": "1348177752", "event_type": "signature_request_sent", "event_hash": signature, "note": "Grüße"}}
events = [{"type": "signature_request_sent", "data": said}]
said = json.dumps(said)
accepted(
    "as a form", signature, {"Content-Type": "application/x-www-form-urlencoded"}, form({"json": said}), covers_body=False,
    events=events,
)
part = f'--X\r\nContent-Disposition: form-data; name="json"\r\n\r\n{said}\r\n--X--\r\n'
accepted(
    "in parts", signature, {"Content-Type": "multipart/form-data; boundary=X"}, part, covers_body=False, events=events,
)
