"""The sources of archives: any HTTPS address, and Kaggle."""

from __future__ import annotations

import json
from typing import NotRequired, TypedDict, final

from urllib3.util import make_headers

from millrace_job.secrets import SecretMissing, read_secret
from poems.download import Request

KAGGLE = "https://www.kaggle.com"
KAGGLE_SECRET = "kaggle"  # noqa: S105 - its name
KAGGLE_REMEDY = (
    "Look whether the data set exists, is open to you, and its terms are accepted, and whether the secret kaggle is "
    "what Kaggle gave you as kaggle.json."
)


@final
class Address(TypedDict):
    """A file at an HTTPS address."""

    url: str
    sha256: NotRequired[str]


@final
class Dataset(TypedDict):
    """A data set on Kaggle, `owner/name`. Without a version, it is the newest one."""

    dataset: str
    version: NotRequired[int]
    sha256: NotRequired[str]


def request_for(source: Address | Dataset) -> Request:
    """The request for a source, with its credentials.

    Raises:
        SecretMissing: the source is Kaggle, and its credentials aren't stored, or aren't in Kaggle's form.
    """
    if "url" in source:
        return Request(source["url"])
    version = f"?datasetVersionNumber={source['version']}" if "version" in source else ""
    url = f"{KAGGLE}/api/v1/datasets/download/{source['dataset']}{version}"
    return Request(url, _kaggle_headers(), KAGGLE_REMEDY)


def _kaggle_headers() -> dict[str, str]:
    try:
        credentials = json.loads(read_secret(KAGGLE_SECRET))
        user, key = credentials["username"], credentials["key"]
    except (ValueError, KeyError, TypeError):
        # Raised without the cause, because the cause would contain the secret.
        raise SecretMissing(
            f'the secret {KAGGLE_SECRET} is not of the form {{"username": …, "key": …}}: keep what Kaggle gave you as '
            "kaggle.json"
        ) from None
    return dict(make_headers(basic_auth=f"{user}:{key}"))
