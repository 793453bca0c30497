"""S3 with credentials lent by the broker: the job's own role may do nothing but ask for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from .contracts import SCHEMA_VERSION, Json, canonical_json, parse_document
from .errors import MissingObjectError, TrainerError
from .settings import Settings

# Bounded waiting: a stop signal must be answered within the two minutes a Spot host gives.
_CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"})


class S3ObjectStore:
    """Objects in the data bucket, within the prefixes the broker granted."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, key: str) -> bytes:
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            return bytes(body.read())
        except ClientError as error:
            raise _translated(error, key) from error

    def download(self, key: str, path: Path) -> None:
        try:
            self._client.download_file(self._bucket, key, str(path))
        except ClientError as error:
            raise _translated(error, key) from error

    def upload(self, path: Path, key: str) -> None:
        self._client.upload_file(str(path), self._bucket, key)

    def write(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data)


def connect(settings: Settings) -> S3ObjectStore:
    """A store with credentials from the broker, renewed by it before they expire.

    Raises ConfigurationError without a broker or job id, Forbidden when the broker refuses.
    """
    if not settings.broker_function or not settings.job_id:
        raise TrainerError(
            "ConfigurationError",
            "CONTOURFLOW_BROKER_FUNCTION and AWS_BATCH_JOB_ID must be set; start this as a Batch job, "
            "or give --local-root DIR to work on a folder",
        )
    client = boto3.client("lambda", config=_CLIENT_CONFIG)
    return store_from_broker(lambda: ask_broker(client, settings.broker_function, settings.job_id))


def store_from_broker(ask: Callable[[], Json]) -> S3ObjectStore:
    first = ask()
    credentials = RefreshableCredentials.create_from_metadata(
        metadata=_metadata(first),
        refresh_using=lambda: _metadata(ask()),
        method="contourflow-broker",
    )
    session = botocore.session.get_session()
    # botocore offers no public way to give a session credentials that renew themselves.
    session._credentials = credentials  # noqa: SLF001
    client = boto3.Session(botocore_session=session).client("s3", config=_CLIENT_CONFIG)
    return S3ObjectStore(client, first["bucket"])


def ask_broker(client: Any, function: str, job_id: str) -> Json:
    """Invokes the broker; its answer is checked before it is believed."""
    request = canonical_json({"schemaVersion": SCHEMA_VERSION, "jobId": job_id})
    response = client.invoke(FunctionName=function, Payload=request)
    payload = bytes(response["Payload"].read())
    if "FunctionError" in response:
        raise TrainerError("Forbidden", f"the credentials broker refused this job: {_reason(payload)}")
    return parse_document("broker-response", payload, code="UpstreamError")


def _metadata(answer: Json) -> dict[str, str]:
    credentials = answer["credentials"]
    return {
        "access_key": credentials["accessKeyId"],
        "secret_key": credentials["secretAccessKey"],
        "token": credentials["sessionToken"],
        "expiry_time": credentials["expiration"],
    }


def _reason(payload: bytes) -> str:
    try:
        document = json.loads(payload)
    except ValueError:
        return "no reason given"
    return str(document.get("errorMessage", "no reason given"))


def _translated(error: ClientError, key: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    if code in {"NoSuchKey", "404", "NotFound"}:
        return MissingObjectError(key)
    if code in {"AccessDenied", "403", "Forbidden"}:
        return TrainerError("Forbidden", f"reading {key} is not granted to this job; check the run's prefixes")
    return TrainerError("UpstreamError", f"reading {key} from S3 failed with {code}; try again later")
