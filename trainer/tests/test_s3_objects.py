"""The broker's answer becomes credentials that renew themselves; S3's errors become ours. AWS itself is stubbed."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from contourflow_trainer.contracts import Json
from contourflow_trainer.errors import MissingObjectError, TrainerError
from contourflow_trainer.s3_objects import S3ObjectStore, ask_broker, connect, store_from_broker
from contourflow_trainer.settings import Settings


def answer(key: str, lifetime: timedelta) -> Json:
    expiration = (datetime.now(UTC) + lifetime).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    credentials = {"accessKeyId": key, "secretAccessKey": "s", "sessionToken": "t", "expiration": expiration}
    return {"schemaVersion": 1, "bucket": "data", "readPrefixes": [], "writePrefixes": [], "credentials": credentials}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


class Lambda:
    def __init__(self, payload: bytes, failed: bool = False) -> None:
        self._payload, self._failed, self.calls = payload, failed, []

    def invoke(self, **arguments: Any) -> Json:
        self.calls.append(arguments)
        failure = {"FunctionError": "Unhandled"} if self._failed else {}
        return {"Payload": io.BytesIO(self._payload)} | failure


def test_the_broker_is_asked_with_the_job_id() -> None:
    function = Lambda(json.dumps(answer("AKIA1", timedelta(hours=1))).encode())
    assert ask_broker(function, "broker", "job-1")["bucket"] == "data"
    assert function.calls[0]["FunctionName"] == "broker"
    assert json.loads(function.calls[0]["Payload"]) == {"schemaVersion": 1, "jobId": "job-1"}


def test_a_refusal_of_the_broker_is_passed_on() -> None:
    function = Lambda(b'{"errorType": "Forbidden", "errorMessage": "job job-1 is not running"}', failed=True)
    with pytest.raises(TrainerError, match="job job-1 is not running") as caught:
        ask_broker(function, "broker", "job-1")
    assert caught.value.code == "Forbidden"


def test_an_answer_of_another_form_is_not_believed() -> None:
    with pytest.raises(TrainerError) as caught:
        ask_broker(Lambda(b'{"bucket": "data"}'), "broker", "job-1")
    assert caught.value.code == "UpstreamError"


def test_credentials_about_to_expire_are_renewed() -> None:
    answers = iter([answer("FIRST", timedelta(minutes=1)), answer("SECOND", timedelta(hours=1))])
    store = store_from_broker(lambda: next(answers))
    url = store._client.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "k"})
    assert "SECOND" in url


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("NoSuchKey", 404, "missing"), ("AccessDenied", 403, "Forbidden"), ("SlowDown", 503, "UpstreamError")],
)
def test_errors_of_s3_are_told_apart(code: str, status: int, expected: str) -> None:
    client = boto3.client("s3", aws_access_key_id="a", aws_secret_access_key="s")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", code, http_status_code=status)
        with pytest.raises((MissingObjectError, TrainerError)) as caught:
            S3ObjectStore(client, "data").read("k")
    assert getattr(caught.value, "code", "missing") == expected
    assert isinstance(caught.value.__cause__, ClientError)


def test_objects_are_read_and_written_in_the_brokers_bucket() -> None:
    client = boto3.client("s3", aws_access_key_id="a", aws_secret_access_key="s")
    store = S3ObjectStore(client, "data")
    with Stubber(client) as stub:
        stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"text"), 4)}, {"Bucket": "data", "Key": "k"})
        stub.add_response("put_object", {}, {"Bucket": "data", "Key": "k2", "Body": b"new"})
        assert store.read("k") == b"text"
        store.write("k2", b"new")
        stub.assert_no_pending_responses()


def test_without_a_broker_the_way_out_is_named(tmp_path: Any) -> None:
    with pytest.raises(TrainerError, match="--local-root") as caught:
        connect(Settings("", "", 1, tmp_path, 300))
    assert caught.value.code == "ConfigurationError"
