from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millrace_job.aws_client import aws_client
from millrace_job.secrets import PATH_VARIABLE, SecretMissing, read_secret

if TYPE_CHECKING:
    from millrace_job.s3_storage import S3Storage


@pytest.fixture(autouse=True)
def stage(s3: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, "/millrace/test/")


def keep(name: str, value: str, kind: str = "SecureString") -> None:
    aws_client("ssm").put_parameter(Name=f"/millrace/test/{name}", Value=value, Type=kind, Overwrite=True)


def test_a_secret_is_read_as_it_was_kept() -> None:
    keep("kept", "the value")
    assert read_secret("kept") == "the value"


def test_a_missing_secret_is_reported_with_the_command_that_creates_it() -> None:
    with pytest.raises(SecretMissing, match=r"no parameter /millrace/test/none; make it: aws ssm put-parameter"):
        read_secret("none")


def test_an_unencrypted_secret_is_refused_and_not_shown() -> None:
    keep("clear", "open value", "String")
    with pytest.raises(SecretMissing, match="no SecureString") as raised:
        read_secret("clear")
    assert "open value" not in str(raised.value)


def test_a_secret_that_the_family_doesnt_list_is_refused_with_where_to_list_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PATH_VARIABLE)
    with pytest.raises(SecretMissing, match=r"name kaggle under secrets in access\.json"):
        read_secret("kaggle")
