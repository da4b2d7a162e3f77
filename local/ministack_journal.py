"""Keeps MiniStack's state through SIGKILL.

MiniStack saves its state when it is stopped cleanly. If it is killed, it loses everything since the last such stop. A
developer's machine does kill it, and the engine promises not to lose a run then. So everything that runs depend on is
saved before it is acknowledged:

- DynamoDB items and SQS messages, to a journal: a line for each change, written before the response is sent;
- S3 objects, by MiniStack itself (``S3_PERSIST``);
- everything else (functions, rules, tables, queues and their settings), by a snapshot after it changed, at most
  ``SNAPSHOT_AFTER_S`` late. ``POST /_local/snapshot`` makes one at once, as a deployment does when it ends.

A kill loses log events and Lambda's other by-products since the last snapshot, changes of settings in the last moments,
receive counts and changed visibility of messages (they come back as they were sent), and S3 events or rule targets that
another thread was delivering. Written data may still be in the operating system's memory, so a power cut may lose more.

A snapshot empties the journal: it starts a new file, saves everything, then removes the older files. Every line is
absolute (an item as it is now, a message by its id), so it is harmless to replay a file onto a state that already has
it, and so is a kill in the middle of a snapshot.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ScopedKey = tuple[str, str, str]

SNAPSHOT_AFTER_S = 1.0
FLUSH_EVERY_S = 0.01
COMPACT_AT_BYTES = 16 * 1024 * 1024
"""A snapshot is due above this size, if the journal is also larger than what the last snapshot saved."""

# Requests that change only what the journal holds, or nothing that is kept. All others request a snapshot.
_DYNAMODB_TABLE_OPERATIONS = ("CreateTable", "DeleteTable", "UpdateTable", "UpdateTimeToLive", "TagResource")
_SQS_QUEUE_OPERATIONS = ("CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue")
_NOT_KEPT = ("AWSEvents.PutEvents", "Logs_20140328.", "AmazonSSM.Get")


def changes_settings(method: str, path: str, target: str) -> bool:
    """Whether a request may change state that only a snapshot saves."""
    if method in ("GET", "HEAD", "OPTIONS") or path.startswith("/_"):
        return False
    if target.startswith("DynamoDB_20120810."):
        return target.endswith(_DYNAMODB_TABLE_OPERATIONS)
    if target.startswith("AmazonSQS."):
        return target.endswith(_SQS_QUEUE_OPERATIONS)
    if target.startswith(_NOT_KEPT):
        return False
    if path.endswith("/invocations"):
        return False
    # An S3 object has the path /bucket/key. The paths of REST services begin with a version or one of their own nouns.
    is_rest_service = path.startswith(("/20", "/schedule", "/v1/", "/v2/", "/tags", "/event-source"))
    return bool(target) or is_rest_service or path.strip("/").count("/") == 0


class _QueueShadow:
    """What the journal knows about a queue's messages."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.list = messages
        self.seen = messages[:]
        self.ids = {message["id"] for message in self.seen}

    def changes(self, messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """New messages and the ids of deleted ones, since the last call."""
        now = messages[:]
        before = self.seen
        if messages is self.list and len(now) >= len(before) and (not before or now[len(before) - 1] is before[-1]):
            added = now[len(before) :]
            gone: list[str] = []
            self.ids.update(message["id"] for message in added)
        else:
            ids = {message["id"] for message in now}
            added = [message for message in now if message["id"] not in self.ids]
            gone = [id_ for id_ in self.ids if id_ not in ids]
            self.ids = ids
        self.list = messages
        self.seen = now
        return added, gone

    def unchanged(self, messages: list[dict[str, Any]]) -> bool:
        """Cheap test that no message was added or deleted."""
        seen = self.seen
        return messages is self.list and len(messages) == len(seen) and (not seen or messages[-1] is seen[-1])


class Journal:
    """The journal of one state folder. One at a time, from one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.lock = threading.Lock()
        self.shadows: dict[ScopedKey, _QueueShadow] = {}
        self.dirty_since: float | None = None
        self.file: Any = None
        self.size = 0
        self.saved_size = 0
        self.replaying = False

    # --- what the services call -------------------------------------------------------------------------------------

    def install(self) -> None:
        """Hooks into the places where MiniStack changes items and loads and saves its state."""
        from ministack import app
        from ministack.services import dynamodb, sqs

        set_item, remove_item, items_replaced = dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced
        receive = sqs._receive_messages_for_esm
        load, save_all = app._load_persisted_state, app.save_all

        def journaled_set(table: dict[str, Any], pk: Any, sk: Any, item: dict[str, Any]) -> Any:
            old = set_item(table, pk, sk, item)
            self.item(table, pk, sk, item)
            return old

        def journaled_remove(table: dict[str, Any], pk: Any, sk: Any) -> Any:
            old = remove_item(table, pk, sk)
            if old is not None:
                self.item(table, pk, sk, None)
            return old

        def replaced(table: dict[str, Any]) -> None:
            items_replaced(table)
            self.settings_changed()

        def received(queue_url: str, max_number: int) -> list[dict[str, Any]]:
            batch: list[dict[str, Any]] = receive(queue_url, max_number)
            for message in batch:
                message["held_by_worker_until"] = message["visible_at"]
            return batch

        def load_and_replay() -> None:
            load()
            self.replay()

        def save_and_forget(services: dict[str, Callable[[], Any]]) -> None:
            save_all(services)
            self.forget()

        dynamodb._set_item = journaled_set
        dynamodb._remove_item = journaled_remove
        dynamodb._items_replaced = replaced
        sqs._receive_messages_for_esm = received
        app._load_persisted_state = load_and_replay
        app.save_all = save_and_forget
        self._set_item, self._remove_item, self._save_all = set_item, remove_item, save_all

    def item(self, table: dict[str, Any], pk: Any, sk: Any, item: dict[str, Any] | None) -> None:
        """Records an item as it is now, None if it is gone."""
        # arn:aws:dynamodb:region:account:table/name
        region, account = table["TableArn"].split(":")[3:5]
        self._note(["item", account, region, table["TableName"], pk, sk, item])

    def settings_changed(self) -> None:
        """Requests a snapshot soon."""
        if self.dirty_since is None:
            self.dirty_since = time.monotonic()

    def _note(self, record: list[Any]) -> None:
        from ministack.core.persistence import _json_default

        line = json.dumps(record, default=_json_default, separators=(",", ":"))
        with self.lock:
            self.lines.append(line)

    # --- writing ----------------------------------------------------------------------------------------------------

    def _note_messages(self) -> None:
        from ministack.services import sqs

        for key, queue in list(sqs._queues._data.items()):
            messages = queue["messages"]
            shadow = self.shadows.get(key)
            if shadow is None:
                shadow = self.shadows[key] = _QueueShadow([])
            elif shadow.unchanged(messages):
                continue
            added, gone = shadow.changes(messages)
            for message in added:
                self._note(["send", *key, message])
            if gone:
                self._note(["gone", *key, gone])

    def flush(self) -> None:
        """Hands all changes to the operating system, which outlives this process."""
        self._note_messages()
        with self.lock:
            if not self.lines or self.file is None:
                return
            data = ("\n".join(self.lines) + "\n").encode()
            self.lines.clear()
            self.file.write(data)
            self.size += len(data)

    def snapshot(self) -> None:
        """Saves everything and empties the journal. Call it on the event loop, between requests."""
        from ministack import app

        self.dirty_since = None
        self.flush()
        old = self._files()
        self._open_next()
        self._save_all(app._build_persistence_save_dict())
        for file in old:
            file.unlink(missing_ok=True)
        self.saved_size = sum(file.stat().st_size for file in self.folder.glob("*.json"))

    def forget(self) -> None:
        """Removes the journal, because everything has just been saved and nothing will change any more."""
        with self.lock:
            if self.file is not None:
                self.file.close()
                self.file = None
        for file in self._files():
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("journal-*.jsonl"))

    def _open_next(self) -> None:
        files = self._files()
        number = int(files[-1].stem.split("-")[1]) + 1 if files else 1
        with self.lock:
            if self.file is not None:
                self.file.close()
            self.file = (self.folder / f"journal-{number:08d}.jsonl").open("ab", buffering=0)
            self.size = 0

    # --- reading ----------------------------------------------------------------------------------------------------

    def _records(self) -> Iterator[list[Any]]:
        from ministack.core.persistence import _json_object_hook

        for file in self._files():
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    if line.endswith("\n"):  # A last line without an end was cut off by the kill and not acknowledged.
                        yield json.loads(line, object_hook=_json_object_hook)

    def replay(self) -> None:
        """Applies the journal that a killed process left, then frees the messages that its workers held."""
        from ministack.services import dynamodb, sqs

        self.folder.mkdir(parents=True, exist_ok=True)
        replayed = False
        for kind, *rest in self._records():
            replayed = True
            if kind == "item":
                account, region, name, pk, sk, item = rest
                table = dynamodb._tables._data.get((account, region, name))
                if table is None:
                    continue
                if item is None:
                    self._remove_item(table, pk, sk)
                else:
                    self._set_item(table, pk, sk, item)
                continue
            account, region, url, value = rest
            queue = sqs._queues._data.get((account, region, url))
            if queue is None:
                continue
            if kind == "send":
                if all(message["id"] != value["id"] for message in queue["messages"]):
                    queue["messages"].append(value)
            else:
                gone = set(value)
                queue["messages"] = [message for message in queue["messages"] if message["id"] not in gone]
        self._free_held(sqs._queues._data)
        self.shadows = {key: _QueueShadow(queue["messages"]) for key, queue in sqs._queues._data.items()}
        self._open_next()
        if replayed:
            self.snapshot()

    @staticmethod
    def _free_held(queues: dict[ScopedKey, dict[str, Any]]) -> None:
        """No worker outlives MiniStack: a message that one held is visible at once, without its visibility timeout."""
        for queue in queues.values():
            for message in queue["messages"]:
                held = message.pop("held_by_worker_until", None)
                # Otherwise the function itself requested that time, with ChangeMessageVisibility.
                if held is not None and held == message["visible_at"]:
                    message["visible_at"] = 0.0

    # --- running ----------------------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Flushes changes that were made outside requests, and takes due snapshots. Runs as long as the server."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self.flush()
            changed = self.dirty_since
            is_due = changed is not None and time.monotonic() - changed > SNAPSHOT_AFTER_S
            if is_due or self.size > max(COMPACT_AT_BYTES, self.saved_size):
                self.snapshot()


def journal_folder() -> Path:
    """The journal lies beside MiniStack's own state, which MiniStack removes on a reset."""
    return Path(os.environ["STATE_DIR"])
