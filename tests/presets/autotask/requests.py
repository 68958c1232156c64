key = secret("secret", "a secret of the autotask test")
body = '{"Id":7,"EntityType":"Ticket","Action":"Create","note":"Grüße"}'
signature = b64(hmac("sha1", key, body))
headers = {
    "x-hook-signature": "sha1=" + signature,
}
accepted("a delivery", signature, headers, body, events=[{"type": "Ticket.Create"}])
