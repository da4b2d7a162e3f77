"""Where archives are fetched from: any HTTPS address, and Kaggle."""

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
    """A data set of Kaggle's, `owner/name`: the newest version unless one is named."""

    dataset: str
    version: NotRequired[int]
    sha256: NotRequired[str]


def request_for(source: Address | Dataset) -> Request:
    """What to ask for, and with which credentials.

    Raises:
        SecretMissing: it is Kaggle, and its credentials are not kept, or are not what Kaggle gives.
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
        # Without the cause, which would tell the value.
        raise SecretMissing(
            f'the secret {KAGGLE_SECRET} is not of the form {{"username": …, "key": …}}: keep what Kaggle gave you as '
            "kaggle.json"
        ) from None
    return dict(make_headers(basic_auth=f"{user}:{key}"))
