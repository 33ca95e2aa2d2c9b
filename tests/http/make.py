#!/usr/bin/env python3
"""Writes signatures.json: what AWS's own signer (the package `botocore`) makes of the calls of HTTP data sources."""
import datetime, json, pathlib
import botocore.auth
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HERE = pathlib.Path(__file__).parent
NOON = datetime.datetime(2026, 11, 22, 12, 0, 0)  # where the clock of the tests stands
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOON
KEY, SECRET, TOKEN = "AKIABASE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "base-token/with=signs+"

cases = []


def signed(name, service, url, method="GET", headers=(), body="", region="eu-central-1", token=None):
    request = AWSRequest(method=method, url=url, data=body.encode(), headers=dict(headers))
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(KEY, SECRET, token), service, region).add_auth(request)
    sent = {name.lower() for name, _ in headers}
    made = {name.lower(): value for name, value in request.headers.items() if name.lower() not in sent}
    cases.append({"name": name, "service": service, "region": region, "token": token, "method": method, "url": url,
                  "headers": list(headers), "body": body, "made": made})


JSON10 = (("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AWSStepFunctions.StartSyncExecution"))
EXECUTION = '{"stateMachineArn":"arn:aws:states:eu-central-1:123456789012:stateMachine:pay","input":"{\\"id\\":\\"é\\"}"}'
signed("Step Functions, one execution to its end", "states", "https://sync-states.eu-central-1.amazonaws.com/",
       "POST", JSON10, EXECUTION)
signed("the same with a session's token", "states", "https://sync-states.eu-central-1.amazonaws.com/",
       "POST", JSON10, EXECUTION, token=TOKEN)
signed("a port of its own", "states", "http://127.0.0.1:8083/", "POST", JSON10, EXECUTION)
signed("no body", "execute-api", "https://abc.execute-api.us-west-2.amazonaws.com/prod/items", region="us-west-2")
signed("a query string in another order", "execute-api",
       "https://abc.execute-api.eu-central-1.amazonaws.com/prod/items?b=2&a=1&B=3&a=0&empty=")
signed("encoded letters in a query string", "execute-api",
       "https://abc.execute-api.eu-central-1.amazonaws.com/prod?q=a%20b%2Bc%26d%3De%C3%A9&filter=x~y-z_1.5")
signed("encoded letters in a path", "execute-api",
       "https://abc.execute-api.eu-central-1.amazonaws.com/prod/a%20b%2Fc/%C3%A9")
signed("letters that need no encoding in a path", "execute-api",
       "https://abc.execute-api.eu-central-1.amazonaws.com/prod/a:b@c,d;e=f+g!h$i(j)*k")
signed("two slashes in a path", "execute-api", "https://abc.execute-api.eu-central-1.amazonaws.com//prod//items/")
signed("blanks in a header", "execute-api", "https://abc.execute-api.eu-central-1.amazonaws.com/prod",
       headers=(("x-note", "  a   b "), ("accept", "*/*")))
signed("a header that proxies change", "execute-api", "https://abc.execute-api.eu-central-1.amazonaws.com/prod",
       headers=(("user-agent", "syncline"), ("x-amzn-trace-id", "Root=1")))
signed("PATCH with a text", "lambda", "https://abc.lambda-url.eu-central-1.on.aws/x", "PATCH",
       (("content-type", "text/plain; charset=utf-8"),), "grüße\n")
signed("DELETE", "execute-api", "https://abc.execute-api.eu-central-1.amazonaws.com/prod/items/1", "DELETE")
signed("S3 takes paths as they are", "s3", "https://things.s3.eu-central-1.amazonaws.com/a//b%20c/%C3%A9", "PUT",
       (("content-type", "text/plain"),), "hello")

(HERE / "signatures.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
