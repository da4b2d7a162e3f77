"""Clients of AWS.

botocore in place of boto3: the same client methods, and less to import in a process that lives a second or two.
"""

from __future__ import annotations

import os
from typing import Any

# Threads that call at the same time; a connection costs nothing until it is needed.
MAX_CONNECTIONS = 32

# With the pauses of botocore's standard mode, at random up to 1, 2, 4, … 20 seconds, an outage of most of a minute is
# waited out: hours of work must not be lost to it.
MAX_ATTEMPTS = 9


def aws_client(service: str) -> Any:
    """A client from the environment: credentials, region and AWS_ENDPOINT_URL as every AWS SDK reads them."""
    import botocore.session
    from botocore.config import Config

    # botocore itself reads AWS_DEFAULT_REGION only; Lambda and Batch set AWS_REGION.
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    config = Config(
        retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=MAX_CONNECTIONS,
    )
    session: Any = botocore.session.Session()
    return session.create_client(service, region_name=region, config=config)
