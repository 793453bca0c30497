"""The CDK's BucketDeployment works: its function calls `/opt/awscli/aws`, which only exists on AWS.

The Python worker gets a few lines in front that answer exactly that program with `aws_cli.py`; the CDK's own
handler stays as it is, and its S3 calls are made with the function's own credentials.
"""

from __future__ import annotations

from pathlib import Path

from ministack.core import lambda_runtime

from . import upstream

_PRELUDE = """
def _answer_aws_cli():
    import subprocess
    original = subprocess.check_call
    def check_call(words, *rest, **options):
        if not (isinstance(words, list) and words[:1] == ["/opt/awscli/aws"]):
            return original(words, *rest, **options)
        from importlib.util import module_from_spec, spec_from_file_location
        spec = spec_from_file_location("contourflow_aws_cli", __AWS_CLI__)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        module.run(words[1:])
        return 0
    subprocess.check_call = check_call
_answer_aws_cli()
"""


def install() -> None:
    """Put the lines in front of the Python worker script."""
    prelude = _PRELUDE.replace("__AWS_CLI__", repr(str(Path(__file__).with_name("aws_cli.py"))))
    upstream.replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda script: prelude + script)
