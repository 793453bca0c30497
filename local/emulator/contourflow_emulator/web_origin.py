"""One origin for the browser, as the CloudFront distribution is on AWS: the site, and the API under /v1 and /xapi.

Requests to the API pass through with method, path, query, headers and body untouched, because webhook signatures
cover the raw body. The site's bucket and the API are looked up when first needed: a deployment creates them.
"""

from __future__ import annotations

import logging
import posixpath
from typing import Any
from urllib.parse import quote

from ministack import app as ministack_app
from ministack.core.responses import request_scope
from ministack.services import s3, ssm

from . import upstream
from .settings import ACCOUNT_ID, REGION

logger = logging.getLogger("contourflow.web")

upstream.require(ssm, "_parameters")
upstream.require(s3, "_get_object")

BUCKET_PARAMETER = "/contourflow/web/bucket"
API_PARAMETER = "/contourflow/api/id"
_API_PREFIXES = ("/v1/", "/xapi/")
# On AWS the page signs in at Cognito's own address; config.json names this path here, so that one origin is enough.
_SIGN_IN_PATH = "/cognito-idp/"


class WebOrigin:
    """ASGI application of the browser's origin; `endpoint` is where the page reaches AWS services directly."""

    def __init__(self, endpoint: str) -> None:
        self._security = {
            "content-security-policy": "; ".join(
                (
                    "default-src 'self'",
                    "script-src 'self' 'wasm-unsafe-eval' blob:",
                    "worker-src 'self' blob:",
                    "style-src 'self' 'unsafe-inline'",
                    "img-src 'self' data: blob:",
                    f"connect-src 'self' blob: data: {endpoint}",
                    "frame-ancestors 'none'",
                    "base-uri 'self'",
                    "form-action 'self'",
                    "object-src 'none'",
                )
            ),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "strict-origin-when-cross-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"].startswith(_API_PREFIXES):
            await self._api(scope, receive, send)
        elif scope["path"] == _SIGN_IN_PATH and scope["method"] == "POST":
            await ministack_app.app({**scope, "path": "/", "raw_path": b"/"}, receive, send)
        else:
            await self._site(scope, send)

    async def _api(self, scope: Any, receive: Any, send: Any) -> None:
        api_id = _parameter(API_PARAMETER)
        if api_id is None:
            await self._answer(send, 503, "text/plain", b"The API is not deployed yet.\n", {})
            return
        prefix = f"/_aws/execute-api/{api_id}/$default"
        raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
        inner = {**scope, "path": prefix + scope["path"], "raw_path": prefix.encode() + raw_path}
        await ministack_app.app(inner, receive, send)

    async def _site(self, scope: Any, send: Any) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            await self._answer(send, 405, "text/plain", b"Only GET and HEAD.\n", {"allow": "GET, HEAD"})
            return
        bucket = _parameter(BUCKET_PARAMETER)
        if bucket is None:
            await self._answer(send, 503, "text/plain", b"The site is not deployed yet.\n", {})
            return
        key = posixpath.normpath(scope["path"]).lstrip("/") or "index.html"
        found = _object(bucket, key)
        if found is None and "." not in posixpath.basename(key):
            # A path of the single-page application, which its router resolves.
            key, found = "index.html", _object(bucket, "index.html")
        if found is None:
            await self._answer(send, 404, "text/plain", b"No such page.\n", {})
            return
        content_type, body = found
        # Vite puts a digest into the names of what it builds under assets/; everything else may change in place.
        caching = "public, max-age=31536000, immutable" if key.startswith("assets/") else "no-cache"
        content = b"" if scope["method"] == "HEAD" else body
        await self._answer(
            send, 200, content_type, content, {"cache-control": caching, "content-length": str(len(body))}
        )

    async def _answer(self, send: Any, status: int, content_type: str, body: bytes, extra: dict[str, str]) -> None:
        headers = {"content-type": content_type, "content-length": str(len(body)), **self._security, **extra}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _parameter(name: str) -> str | None:
    with request_scope(ACCOUNT_ID, REGION):
        parameter = ssm._parameters.get(name)
    return str(parameter["Value"]) if parameter else None


def _object(bucket: str, key: str) -> tuple[str, bytes] | None:
    with request_scope(ACCOUNT_ID, REGION):
        status, headers, body = s3._get_object(bucket, key, {}, {})
    if status != 200:
        return None
    types = {name.lower(): value for name, value in headers.items()}
    return types.get("content-type") or "application/octet-stream", bytes(body)
