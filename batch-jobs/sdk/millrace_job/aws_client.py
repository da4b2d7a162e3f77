"""Clients of AWS.

They use botocore instead of boto3. It has the same client methods, and loads faster, which matters in a process of a
second or two.
"""

from __future__ import annotations

import os
from typing import Any

# Maximum number of threads that call at the same time. A connection costs nothing until it is needed.
MAX_CONNECTIONS = 32

# An outage must not cost hours of work. botocore's standard mode pauses for random times up to 1, 2, 4, … 20 seconds,
# so this many tries last for most of a minute.
MAX_ATTEMPTS = 9


def aws_client(service: str) -> Any:
    """A client with credentials, region and AWS_ENDPOINT_URL from the environment, as every AWS SDK reads them."""
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
