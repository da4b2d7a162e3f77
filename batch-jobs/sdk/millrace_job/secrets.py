"""Secrets of a stage: SecureString parameters of AWS Systems Manager."""

from __future__ import annotations

import os

from millrace_job.aws_client import aws_client
from millrace_job.errors import Coded, FatalError

# The path of the stage's parameters, such as /millrace/dev/. The job definition sets this variable if the family's
# `access.json` names secrets.
PATH_VARIABLE = "MILLRACE_SECRETS"


class SecretMissing(Coded, FatalError):
    """The secret doesn't exist or isn't encrypted."""

    code = "SECRET_MISSING"


def read_secret(name: str) -> str:
    """The value of the parameter `{path of the stage}{name}`. No error contains the value.

    Raises:
        SecretMissing: the parameter doesn't exist, isn't a SecureString, or this process has no stage.
    """
    from botocore.exceptions import ClientError

    path = os.environ.get(PATH_VARIABLE)
    if not path:
        raise SecretMissing(f"{PATH_VARIABLE} is not set: name {name} under secrets in access.json of the job's family")
    remedy = f"aws ssm put-parameter --type SecureString --overwrite --name {path}{name} --value …"
    client = aws_client("ssm")
    try:
        parameter = client.get_parameter(Name=f"{path}{name}", WithDecryption=True)["Parameter"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
            raise
        raise SecretMissing(f"there is no parameter {path}{name}; make it: {remedy}") from error
    if parameter["Type"] != "SecureString":
        raise SecretMissing(f"parameter {path}{name} is no SecureString; keep it as one: {remedy}")
    return str(parameter["Value"])
