"""Logs: one JSON object per line in a Batch job, plain text in a terminal."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping


def timestamp() -> str:
    """The current time in UTC, such as `2021-10-04T16:21:00.123Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Log:
    """Writes events. Every line of a JSON log has `fields` (run, step, index, attempt); text leaves them out."""

    def __init__(self, stream: TextIO, fields: Mapping[str, object], *, text: bool = False) -> None:
        self._stream = stream
        self._fields = dict(fields)
        self._text = text

    def bind(self, **fields: object) -> Log:
        """A log whose lines also have these fields."""
        return Log(self._stream, {**self._fields, **fields}, text=self._text)

    def info(self, message: str, /, **fields: object) -> None:
        """Logs an event, with its figures as fields: `log.info("fitted", rows=75)`."""
        self._write("INFO", message, fields)

    def warning(self, message: str, /, **fields: object) -> None:
        """Logs an event that a person may want to look at. The job goes on."""
        self._write("WARNING", message, fields)

    def error(self, message: str, /, **fields: object) -> None:
        """Logs the reason for which the job failed."""
        self._write("ERROR", message, fields)

    def _write(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        if self._text:
            line = " ".join([message, *(f"{name}={_plain(value)}" for name, value in fields.items())])
            line = line if level == "INFO" else f"{level}: {line}"
        else:
            event: dict[str, object] = {"level": level, "message": message, "timestamp": timestamp()}
            # The log's fields and the event come last, so the job's own fields can't replace them.
            event = {**event, **fields, **self._fields, **event}
            line = json.dumps(event, ensure_ascii=False, default=str)
        # Each line is one write, so that another process or thread can't write in the middle of it.
        self._stream.write(f"{line}\n")
        self._stream.flush()


class _Forward(logging.Handler):
    """Passes on to the job's log what libraries log through Python's `logging`."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write(record.getMessage(), logger=record.name)


def forward_library_logs(log: Log) -> None:
    """Sends the warnings and errors of libraries, `warnings.warn` included, to the job's log."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [_Forward(log)]


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
