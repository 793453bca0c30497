"""Errors with a code of the shared list (`contracts/error-code.schema.json`) and a sentence for a person."""

EXIT_FAILED = 1
"""The same inputs would fail again: the job is not retried."""
EXIT_RETRY = 75
"""Stopped from outside after saving (EX_TEMPFAIL): the next attempt resumes."""


class TrainerError(Exception):
    """A failure a researcher can act on: what failed, the bad value, what is allowed, what to do next."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MissingObjectError(Exception):
    """No object under this key; callers decide whether that is an error."""


class StopRequestedError(Exception):
    """SIGTERM or SIGINT arrived; work saved so far decides where the next attempt goes on."""
