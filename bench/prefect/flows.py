"""Runs Prefect flows of trivial tasks and says how long they took.

One process for all runs, so that no run pays for the start of Python. A line of JSON on standard input asks for a run,
``{"shape": "chain" | "map", "tasks": 200}``; a line on standard output answers it, ``{"client": …, "durable": …}``, in
milliseconds from the call of the flow: until it returned, and until the server's API counts all its tasks COMPLETED.
The second is later, because Prefect's client hands the states of tasks to the server in the background.
"""

from __future__ import annotations

import json
import sys
import time
from uuid import UUID

from prefect import flow, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.context import get_run_context
from prefect.futures import wait

ASK_EVERY_S = 0.05
"""How often the API is asked. As often as the other engine's table is, and rarely enough not to slow the server."""

GIVE_UP_AFTER_S = 900.0

COMPLETED = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.COMPLETED])))


@task
def add_one(count: int) -> int:
    """A step of a chain."""
    return count + 1


@task
def double(place: int) -> int:
    """A child of a map."""
    return place * 2


def flow_run_id() -> UUID:
    """The id under which the server knows the flow that calls this."""
    found: UUID = get_run_context().flow_run.id  # type: ignore[union-attr]
    return found


@flow(log_prints=False)
def chain(tasks: int) -> UUID:
    """Tasks one after another, each with the result of the one before."""
    count = 0
    for _ in range(tasks):
        count = add_one(count)
    if count != tasks:
        raise RuntimeError(f"the chain counted to {count}")
    return flow_run_id()


@flow(log_prints=False)
def fan(tasks: int) -> UUID:
    """A task for each item of a list."""
    futures = double.map(list(range(tasks)))
    wait(futures)
    if sum(future.result() for future in futures) != tasks * (tasks - 1):
        raise RuntimeError("a child's result is wrong")
    return flow_run_id()


def completed_tasks(client: SyncPrefectClient, run: UUID) -> int:
    """How many tasks of a flow the server has as COMPLETED."""
    filters = {
        "flow_runs": FlowRunFilter(id=FlowRunFilterId(any_=[run])).model_dump(mode="json"),
        "task_runs": COMPLETED.model_dump(mode="json"),
    }
    return int(client.request("POST", "/task_runs/count", json=filters).json())


def measure(shape: str, tasks: int) -> dict[str, float]:
    """Milliseconds of one run."""
    started = time.perf_counter()
    run = chain(tasks) if shape == "chain" else fan(tasks)
    returned = time.perf_counter()
    with get_client(sync_client=True) as client:
        while (completed := completed_tasks(client, run)) < tasks:
            if time.perf_counter() - returned > GIVE_UP_AFTER_S:
                raise TimeoutError(f"after {GIVE_UP_AFTER_S} s the server has {completed} of {tasks} tasks")
            time.sleep(ASK_EVERY_S)
    durable = time.perf_counter()
    return {"client": (returned - started) * 1000, "durable": (durable - started) * 1000}


def main() -> None:
    """Answers requests until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.write(json.dumps(measure(request["shape"], request["tasks"])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
