"""Serves MiniStack, faster than its own server does, and takes the local Batch server's events.

MiniStack's own entry point polls event sources every 50 ms and waits 50 ms for the log of a function that logs
nothing: a chain of Lambda steps then takes three to four times as long as necessary. The names set here are private to
MiniStack, hence the exact pin in ``batch-jobs/requirements-dev.in`` and the check below. It refuses to start, rather
than run slowly or silently lose state.

Settings come from the environment (see ``local/stack/ministack.ts``): ``GATEWAY_PORT``, ``BIND_HOST``, and MiniStack's.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import asyncio
import contextvars
import fcntl
import functools
import importlib
import inspect
import json
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
import uvloop
from ministack_journal import Journal, changes_settings, journal_folder

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

EVENTS_PATH = "/_local/events"
"""``POST {"Entries": [...]}``: PutEvents that may use a source of AWS's own, such as ``aws.batch``."""

ENTRIES_AT_ONCE = 10
"""PutEvents takes no more. The endpoint does, so that a wide array of jobs isn't slowed by its events."""

REMEMBERED_TEXTS = 20_000
"""Twice the children of the widest map; a few megabytes."""

SNAPSHOT_PATH = "/_local/snapshot"
"""``POST``: writes all state down now, see ``ministack_journal``."""

# (module, dotted name, required parameters; None for a value that is not a function)
PRIVATE_NAMES: list[tuple[str, str, tuple[str, ...] | None]] = [
    ("ministack.app", "app", ("scope", "receive", "send")),
    ("ministack.services.lambda_svc", "_ESM_IDLE_WAKE_GAP_SECONDS", None),
    ("ministack.core.lambda_runtime", "Worker._drain_stderr_bounded", ("first_line_wait", "idle_confirm")),
    ("ministack.services.eventbridge", "_put_events", ("data", "allow_aws_source")),
    ("ministack.app", "_load_persisted_state", ()),
    ("ministack.app", "_build_persistence_save_dict", ()),
    ("ministack.app", "save_all", ("services",)),
    ("ministack.core.persistence", "_json_default", ("obj",)),
    ("ministack.core.persistence", "_json_object_hook", ("obj",)),
    ("ministack.services.dynamodb", "_tables._data", None),
    ("ministack.services.dynamodb", "_set_item", ("table", "pk_val", "sk_val", "item")),
    ("ministack.services.dynamodb", "_remove_item", ("table", "pk_val", "sk_val")),
    ("ministack.services.dynamodb", "_items_replaced", ("table",)),
    ("ministack.services.dynamodb", "_ddb_canonicalize_number", ("s",)),
    ("ministack.services.dynamodb", "_number_error", ("text",)),
    ("ministack.services.dynamodb", "_number_size_bytes", ("text",)),
    ("ministack.services.dynamodb", "_condition_syntax_error", ("expr", "slot")),
    ("ministack.services.sqs", "_queues._data", None),
    ("ministack.services.sqs", "_receive_messages_for_esm", ("queue_url", "max_number")),
    ("ministack.services.sqs", "_act_send_message", ("data", "qurl")),
    ("ministack.services.lambda_svc", "invoke_async_with_retry", ("func", "event")),
    ("ministack.services.lambda_svc", "_execute_function", ("func", "event")),
    ("ministack.services.lambda_svc", "_account_region_from_function_config", ("config",)),
    ("ministack.services.lambda_svc", "_request_account_id.set", None),
    ("ministack.services.lambda_svc", "_request_region.set", None),
    ("ministack.services.lambda_svc", "esm_wake.set", None),
]


def missing_names(required: list[tuple[str, str, tuple[str, ...] | None]]) -> list[str]:
    """Names that this launcher relies on and the installed MiniStack no longer has, one line each."""
    missing: list[str] = []
    for module_name, dotted, parameters in required:
        try:
            found: Any = importlib.import_module(module_name)
            for part in dotted.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            missing.append(f"{module_name}:{dotted}")
            continue
        if parameters is None:
            continue
        if not callable(found):
            missing.append(f"{module_name}:{dotted} (is no longer a function)")
            continue
        have = inspect.signature(found).parameters
        missing.extend(f"{module_name}:{dotted}({p})" for p in parameters if p not in have)
    return missing


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of texts, with remembered results."""
    remembered = functools.lru_cache(maxsize=REMEMBERED_TEXTS)(function)

    def call(text: Any, *rest: str) -> Any:
        # Requests may hold any value in place of a text; not every value can be looked up.
        return remembered(text, *rest) if isinstance(text, str) else function(text, *rest)

    return call


def has_unread_lines(worker: Any) -> bool:
    """Whether a function has written lines that MiniStack has yet to read. It writes its log before its answer."""
    stderr = getattr(getattr(worker, "_proc", None), "stderr", None)
    if stderr is None or stderr.closed:
        return False
    unread = fcntl.ioctl(stderr.fileno(), termios.FIONREAD, bytes(4))
    return int.from_bytes(unread, sys.byteorder) > 0


def speed_up() -> None:
    """Shortens the two waits that make a step on the local stack slow, and remembers repeated computations.

    Each write checks every number of its item digit by digit, several times. A long run's set of ended steps has a
    thousand numbers. Each write also parses its condition, although the engine has only a few dozen different ones.
    """
    from ministack.core import lambda_runtime
    from ministack.services import dynamodb, lambda_svc

    for name in ("_ddb_canonicalize_number", "_number_error", "_number_size_bytes", "_condition_syntax_error"):
        setattr(dynamodb, name, remembering(getattr(dynamodb, name)))

    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.002
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def drain_briefly(
        worker: Any, first_line_wait: float = 0.004, idle_confirm: float = 0.002, hard_cap: float = 0.25
    ) -> str:
        ends_at = time.monotonic() + hard_cap
        log: str = drain(worker, first_line_wait, idle_confirm, hard_cap)
        # On a busy machine, the thread that reads the lines may be late.
        while has_unread_lines(worker) and time.monotonic() < ends_at:
            more: str = drain(worker, first_line_wait, idle_confirm, hard_cap)
            log = "\n".join(part for part in (log, more) if part)
        return log

    lambda_runtime.Worker._drain_stderr_bounded = drain_briefly


def report_calls() -> None:
    """Makes asynchronous calls of functions with destinations as Lambda does: queued, and with a report of each end.

    MiniStack reports failures only. It starts all calls at once, so that a map's children would each load their
    libraries at the same time. Here a function runs as many calls at once as the machine has cores. Waiting calls are
    lost when MiniStack ends.
    """
    from ministack.services import lambda_svc, sqs

    at_once = lambda_svc.invoke_async_with_retry
    workers: dict[str, ThreadPoolExecutor] = {}

    def call(func: dict[str, Any], event: Any, config: dict[str, Any], destinations: dict[str, Any]) -> None:
        account, region = lambda_svc._account_region_from_function_config(config)
        lambda_svc._request_account_id.set(account)
        lambda_svc._request_region.set(region)
        result = lambda_svc._execute_function(func, event)
        failed = bool(result.get("error"))
        report = {
            "requestContext": {
                "functionArn": config.get("FunctionArn", ""),
                "condition": "RetriesExhausted" if failed else "Success",
                "approximateInvokeCount": 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, **({"functionError": "Unhandled"} if failed else {})},
            "responsePayload": result.get("body"),
        }
        queue = destinations["OnFailure" if failed else "OnSuccess"].rpartition(":")[2]
        sqs._act_send_message({"QueueUrl": queue, "MessageBody": json.dumps(report)}, "")
        lambda_svc.esm_wake.set()

    def invoke(func: dict[str, Any], event: Any) -> None:
        config = func.get("config") or func
        settings = (func.get("event_invoke_configs") or {}).get("$LATEST") or func.get("event_invoke_config") or {}
        named = settings.get("DestinationConfig") or {}
        destinations = {kind: (named.get(kind) or {}).get("Destination") for kind in ("OnSuccess", "OnFailure")}
        if not all(destinations.values()):
            at_once(func, event)
            return
        name = config.get("FunctionName", "")
        pool = workers.setdefault(name, ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix=f"call-{name}"))
        scope = contextvars.copy_context()
        pool.submit(lambda: scope.run(call, func, event, config, destinations))

    lambda_svc.invoke_async_with_retry = invoke


def end_with_group() -> None:
    """Lets SIGTERM end the functions' workers too, after MiniStack has saved its state.

    Uvicorn catches SIGTERM while it serves, and raises it again after it has shut down. A worker with an open timer
    would otherwise outlive its server.
    """

    def end(_signal: int, _frame: object) -> None:
        # Only a server with its own process group, which the local stack gives it, ends the group.
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGKILL)
        sys.exit(143)

    signal.signal(signal.SIGTERM, end)


def end_when_input_closes() -> None:
    """Ends this process when its parent, which holds its standard input open, is gone."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="owner", daemon=True).start()


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def with_local_endpoints(application: Application, journal: Journal) -> Application:
    """Adds the paths above, and flushes the journal before any response.

    MiniStack matches the events against the deployed rules and delivers to their targets.
    """
    from ministack.services import eventbridge

    async def events(receive: Receive, send: Send) -> None:
        try:
            entries = json.loads(await _body(receive))["Entries"]
            results: list[Any] = []
            for start in range(0, len(entries), ENTRIES_AT_ONCE):
                some = {"Entries": entries[start : start + ENTRIES_AT_ONCE]}
                _, _, answer = eventbridge._put_events(some, allow_aws_source=True)
                results.extend(json.loads(answer)["Entries"])
        except Exception as error:  # noqa: BLE001 (the caller retries: no event is lost to one bad moment)
            await _respond(send, 500, json.dumps({"message": repr(error)}).encode())
            return
        await _respond(send, 200, json.dumps({"Entries": results}).encode())

    async def snapshot(send: Send) -> None:
        journal.snapshot()
        await _respond(send, 200, b"{}")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        target = next((value.decode() for name, value in scope["headers"] if name == b"x-amz-target"), "")
        changes = changes_settings(scope["method"], scope["path"], target)

        async def send_kept(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                journal.flush()
                if changes:
                    journal.settings_changed()
            await send(message)

        if scope["path"] == EVENTS_PATH:
            await events(receive, send_kept)
        elif scope["path"] == SNAPSHOT_PATH:
            await snapshot(send_kept)
        else:
            await application(scope, receive, send_kept)

    return app


async def serve(application: Application, journal: Journal | None) -> None:
    """Serves until SIGTERM. Without a journal nothing is stored, and the local stack's own paths are missing."""
    server = uvicorn.Server(
        uvicorn.Config(
            application if journal is None else with_local_endpoints(application, journal),
            host=os.environ.get("BIND_HOST", "127.0.0.1"),
            port=int(os.environ["GATEWAY_PORT"]),
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
    )
    if journal is None:
        await server.serve()
        return
    keeping = asyncio.create_task(journal.keep())
    await server.serve()
    keeping.cancel()


def main() -> None:
    """Checks the pinned MiniStack, then serves it until SIGTERM."""
    missing = missing_names(PRIVATE_NAMES)
    if missing:
        sys.exit(
            "millrace: this MiniStack lacks what the local stack sets or calls: "
            + ", ".join(missing)
            + ". Install the pinned version with `node local/setup.mjs`."
        )
    from ministack.app import app

    end_with_group()
    if "--tied" in sys.argv:
        end_when_input_closes()
    speed_up()
    report_calls()
    if "--in-memory" in sys.argv:
        uvloop.run(serve(app, None))
        return
    journal = Journal(journal_folder())
    journal.install()
    uvloop.run(serve(app, journal))


if __name__ == "__main__":
    main()
