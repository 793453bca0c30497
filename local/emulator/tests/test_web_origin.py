"""The browser's origin: site, single-page fallback, caching and security headers, untouched API requests."""

from __future__ import annotations

import hashlib
import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import Any

import pytest

from conftest import Emulator

CODE = """
import { createHash } from 'node:crypto';
export const handler = async (event) => {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  return { statusCode: 202, body: JSON.stringify({ digest: createHash('sha256').update(body).digest('hex'),
    path: event.rawPath, query: event.rawQueryString, method: event.requestContext.http.method,
    signature: event.headers['webhook-signature'] }) };
};
"""


class Site:
    def __init__(self, emulator: Emulator) -> None:
        self.origin = f"http://127.0.0.1:{emulator.web_port}"

    def get(self, path: str, data: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.origin + path, data=data, headers=named)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


@pytest.fixture(scope="module")
def site(emulator: Emulator) -> Site:
    found = Site(emulator)
    assert found.get("/")[0] == 503 and found.get("/v1/x")[0] == 503
    s3, ssm = emulator.client("s3"), emulator.client("ssm")
    s3.create_bucket(Bucket="the-site")
    files = {"index.html": "text/html", "config.json": "application/json", "assets/a-1.js": "text/javascript"}
    for key, content_type in files.items():
        s3.put_object(Bucket="the-site", Key=key, Body=key.encode(), ContentType=content_type)
    ssm.put_parameter(Name="/contourflow/web/bucket", Value="the-site", Type="String")
    ssm.put_parameter(Name="/contourflow/api/id", Value=create_api(emulator), Type="String")
    return found


def create_api(emulator: Emulator) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.mjs", CODE)
    function = emulator.client("lambda").create_function(
        FunctionName="origin-api",
        Runtime="nodejs24.x",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/x",
        Code={"ZipFile": packed.getvalue()},
    )
    api = emulator.client("apigatewayv2")
    api_id = api.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    integration = api.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    for route in ("ANY /v1/{proxy+}", "ANY /xapi/{proxy+}"):
        api.create_route(ApiId=api_id, RouteKey=route, Target=f"integrations/{integration}")
    api.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    return str(api_id)


@pytest.mark.parametrize(
    ("path", "status", "body", "caching"),
    [
        ("/", 200, b"index.html", "no-cache"),
        ("/datasets/5", 200, b"index.html", "no-cache"),
        ("/config.json", 200, b"config.json", "no-cache"),
        ("/assets/a-1.js", 200, b"assets/a-1.js", "public, max-age=31536000, immutable"),
        ("/assets/none.js", 404, b"No such page.\n", None),
        ("/..%2f..%2fconfig.json", 200, b"config.json", "no-cache"),
    ],
)
def test_the_site(site: Site, path: str, status: int, body: bytes, caching: str | None) -> None:
    answer = site.get(path)
    assert (answer[0], answer[2], answer[1].get("cache-control")) == (status, body, caching)
    assert (
        answer[1]["x-content-type-options"] == "nosniff"
        and "default-src 'self'" in answer[1]["content-security-policy"]
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/json", '{ "a" : "é\\u0001" }\n'.encode()), ("application/octet-stream", bytes(range(256)) * 40)],
)
def test_the_api_receives_the_request_as_it_was_sent(site: Site, content_type: str, body: bytes) -> None:
    status, _headers, answer = site.get(
        "/v1/hooks/a%20b?x=1&x=2&y=%C3%A9", body, content_type=content_type, webhook_signature="v1,abc="
    )
    seen: dict[str, Any] = json.loads(answer)
    assert (status, seen["digest"]) == (202, hashlib.sha256(body).hexdigest())
    assert (seen["query"], seen["method"], seen["signature"]) == ("x=1&x=2&y=%C3%A9", "POST", "v1,abc=")


def test_both_api_prefixes_are_routed(site: Site) -> None:
    assert json.loads(site.get("/xapi/sets/7")[2])["path"] == "/xapi/sets/7"


def test_sign_in_passes_through_the_origin(site: Site, emulator: Emulator) -> None:
    cognito = emulator.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Correct-horse-9-battery", Permanent=True)

    def sign_in(password: str) -> tuple[int, dict[str, Any]]:
        request = {
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": client,
            "AuthParameters": {"USERNAME": "ada", "PASSWORD": password},
        }
        status, _, body = site.get(
            "/cognito-idp/",
            json.dumps(request).encode(),
            content_type="application/x-amz-json-1.1",
            x_amz_target="AWSCognitoIdentityProviderService.InitiateAuth",
        )
        return status, json.loads(body)

    status, reply = sign_in("Correct-horse-9-battery")
    assert status == 200 and reply["AuthenticationResult"]["AccessToken"]
    assert sign_in("wrong")[0] == 400
