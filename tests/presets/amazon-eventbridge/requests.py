header = given("header", "X-Api-Key")
token = secret("value", "a token of the test")
user = given("username", "eventbridge")
credentials = b64(user + ":" + secret("password", "a password of the test"))
body = '{"version":"0","id":"6f87d04b","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","detail":{}}'
events = [{"type": "EC2 Instance State-change Notification", "id": "6f87d04b", "subject": "aws.ec2"}]
accepted("with an API key", token, {header: token}, body, covers_body=False, events=events)
accepted(
    "with a password", credentials, {"Authorization": "Basic " + credentials}, body, covers_body=False, events=events,
)
