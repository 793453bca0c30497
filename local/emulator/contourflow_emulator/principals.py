"""Who makes a call: one access key per function, state machine and Batch job, and the way back from key to role."""

from __future__ import annotations

import base64
import contextvars
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ministack.services import iam, sts

from . import upstream
from .settings import ACCOUNT_ID

for _name in ("_sessions", "register_session"):
    upstream.require(sts, _name)
upstream.require(iam, "_roles")


@dataclass(frozen=True)
class Principal:
    """The maker of a call. `kind` is lambda, batch, states, events or user; `role_arn` is absent for users."""

    kind: str
    name: str
    role_arn: str | None = None
    session_policy: Any = None

    def as_record(self) -> dict[str, Any]:
        """The form written to the call log."""
        record: dict[str, Any] = {"kind": self.kind, "name": self.name, "roleArn": self.role_arn}
        if self.session_policy is not None:
            record["sessionPolicy"] = self.session_policy
        return record


USER = Principal("user", "user")

_by_key: dict[str, Principal] = {}
_acting: contextvars.ContextVar[Principal | None] = contextvars.ContextVar("contourflow_principal", default=None)


def issue_credentials(kind: str, name: str, role_arn: str) -> dict[str, str]:
    """Credentials of one workload as SDK environment variables.

    They follow from kind, name and role alone, so that they are the same after a restart, and they are registered
    as a session of the role: GetCallerIdentity answers with it and presigned URLs made with them verify.
    """
    digest = hashlib.sha256(f"{kind}\n{name}\n{role_arn}".encode()).digest()
    key = "LKIA" + base64.b32encode(digest)[:16].decode()
    secret = hashlib.sha256(b"secret" + digest).hexdigest()
    token = hashlib.sha256(b"token" + digest).hexdigest()
    role_name = role_arn.rsplit("/", 1)[-1] or "none"
    _by_key[key] = Principal(kind, name, role_arn or None)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role_name}/{name[:64]}",
            "UserId": f"{role_name}:{name[:64]}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "AccountId": ACCOUNT_ID,
            "PrincipalType": "AssumedRole",
        },
    )
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def principal_of(access_key: str) -> Principal:
    """The principal behind an access key; a key that nobody was given belongs to the user."""
    known = _by_key.get(access_key)
    if known is not None:
        return known
    session = sts._sessions.get(access_key)
    if session is None or ":assumed-role/" not in session.get("Arn", ""):
        return USER
    source = principal_of(session.get("SourceAccessKeyId", ""))
    return Principal(source.kind, source.name, _role_arn(session["Arn"]), _session_policy(session))


def acting_principal() -> Principal | None:
    """The principal on whose behalf the emulator itself works in this context, if any."""
    return _acting.get()


def act_as(principal: Principal) -> contextvars.Token[Principal | None]:
    """Make `principal` the acting one in this context; undo with `stop_acting`."""
    return _acting.set(principal)


def stop_acting(token: contextvars.Token[Principal | None]) -> None:
    """Undo `act_as`."""
    _acting.reset(token)


def _role_arn(assumed_arn: str) -> str:
    """Role ARN of `arn:aws:sts::<account>:assumed-role/<role>/<session>`; the path is in the role record only."""
    role_name = assumed_arn.split("/")[1]
    role = iam._roles.get(role_name) or {}
    return str(role.get("Arn") or f"arn:aws:iam::{ACCOUNT_ID}:role/{role_name}")


def _session_policy(session: dict[str, Any]) -> Any:
    """The inline policy passed to AssumeRole, as an object; managed policies passed along are not modelled."""
    policy = (session.get("SessionPolicies") or {}).get("Policy")
    return json.loads(policy) if isinstance(policy, str) and policy else policy or None
