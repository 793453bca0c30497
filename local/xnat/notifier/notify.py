"""Tells Contourflow that a session changed: one signed webhook (Standard Webhooks), then the end.

Runs in a container that XNAT's Container Service starts for an event. Reads only its environment:
HOOK_URL, HOOK_SECRET (whsec_<base64>), ARCHIVE_ID, PROJECT, SESSION, and ASSESSOR where contours were saved.
Exits 0 when the webhook was accepted, 1 when it was refused or could not be delivered.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

ATTEMPTS = 6
FIRST_RETRY_SECONDS = 1.0


def body_of(environment: dict[str, str]) -> bytes:
    """Ids only: labels may hold what a person typed."""
    assessor = environment.get("ASSESSOR", "")
    body = {
        "schemaVersion": 1,
        "kind": "roi" if assessor else "session",
        "archiveId": environment["ARCHIVE_ID"],
        "project": environment["PROJECT"],
        "session": environment["SESSION"],
    }
    if assessor:
        body["assessor"] = assessor
    if environment.get("XNAT_EVENT_ID"):
        body["eventId"] = environment["XNAT_EVENT_ID"]
    return json.dumps(body).encode()


def signed(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([message_id.encode(), timestamp.encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def attempt(environment: dict[str, str], message_id: str, body: bytes) -> int:
    """The HTTP status, or 0 when there was no answer. Each attempt is signed anew: signatures age."""
    timestamp = str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signed(environment["HOOK_SECRET"], message_id, timestamp, body),
    }
    request = urllib.request.Request(environment["HOOK_URL"], data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            return response.status
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return 0


def main(environment: dict[str, str]) -> int:
    message_id = f"msg_{uuid.uuid4()}"
    body = body_of(environment)
    for number in range(ATTEMPTS):
        status = attempt(environment, message_id, body)
        print(f"attempt {number + 1}: HTTP {status or 'no answer'}", flush=True)
        if 200 <= status < 300:
            return 0
        if 400 <= status < 500 and status not in (408, 429):
            return 1
        time.sleep(float(environment.get("FIRST_RETRY_SECONDS", FIRST_RETRY_SECONDS)) * 2**number)
    return 1


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
