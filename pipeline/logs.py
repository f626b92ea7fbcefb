"""Log lines: for people, or as JSON for a journal; each with what it belongs to.

What is bound around a piece of work (`bound`) stands in every line logged inside, by whichever module and by
`logging.getLogger` as ever: the run, the step, the month, the landscape. Only the command line calls
`configure`: under Airflow the lines go its way, which adds what is bound too, and without secrets (`hiding`).
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.typing import Processor

from pipeline.core.secrets import HIDDEN, SHORTEST, hidden, spellings

_OURS = "pipeline"
_FIRST = ("time", "level", "event")
_Event = MutableMapping[str, Any]

Mask = Callable[[str], str]


def masking(secrets: Iterable[str]) -> Mask:
    """Return what replaces `secrets` in a text, also where they are quoted for a URL or for JSON."""
    every = {spelling for one in secrets for spelling in spellings(one)}
    spelt = {one for one in every if len(one) >= SHORTEST}
    longest_first = sorted(spelt, key=lambda one: (-len(one), one))

    def mask(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, HIDDEN)
        return hidden(text)  # and what became known since, such as of a channel

    return mask


def configure(*, is_json: bool, secrets: Iterable[str] = ()) -> None:
    """Send what is logged in this process to its error stream.

    Args:
        is_json: one JSON object a line, from `info` on; else plain lines, from `warning` on: what a
            command did it prints itself.
        secrets: texts that no line may hold.
    """
    mask = masking(secrets)
    handler = _ToErrorStream()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _as_json(mask) if is_json else _as_line(mask),
            ],
        )
    )
    root = logging.getLogger()
    for held in [one for one in root.handlers if isinstance(one, _ToErrorStream)]:
        root.removeHandler(held)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(logging.INFO if is_json else logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    _State.is_json = is_json


def tell_failure(message: str) -> bool:
    """Log why a command failed, where lines are JSON; return whether they are."""
    if _State.is_json:
        logging.getLogger(_OURS).error("%s", message)
    return _State.is_json


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Let every line logged in the body bear these; what is None is left out."""
    with bound_contextvars(**{name: str(one) for name, one in fields.items() if one is not None}):
        yield


@contextmanager
def hiding() -> Iterator[None]:
    """Hide secrets in every line logged in the body, where this process writes its log in another's way."""
    hides, handlers = _Hides(), list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(hides)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(hides)


def new_run() -> str:
    """Return a name for a run that has none of its own."""
    return uuid.uuid4().hex[:12]


def current_run() -> str | None:
    """Return the run this is part of, as log lines name it; None: nobody named one."""
    run = get_contextvars().get("run")
    return None if run is None else str(run)


class _State:
    """How this process logs."""

    is_json = False


class _Hides(logging.Filter):
    """Takes secrets out of a record: its text, what it bears besides, and its error."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):
            return True  # of structlog, which Airflow hides itself
        record.msg, record.args = hidden(_said(record)), None
        for name, one in vars(record).items():
            if isinstance(one, str):
                setattr(record, name, hidden(one))
        if record.exc_info:
            said = "".join(traceback.format_exception(record.exc_info[1]))
            if hidden(said) != said:  # else the handler shows it in its own way
                record.msg, record.exc_info = f"{record.msg}\n{hidden(said).rstrip()}", None
        return True


def _said(record: logging.LogRecord) -> str:
    """Return the text of a record, also where its text and its values do not fit.

    Its handler would tell that and go on; here, before the handler, it would end who logged.
    """
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - whatever the values of others raise
        return f"{record.msg} {record.args!r}"


class _ToErrorStream(logging.StreamHandler[TextIO]):
    """Whatever the error stream is at the moment: progress bars put another one in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise NotImplementedError


def _as_json(mask: Mask) -> Callable[[Any, str, _Event], str]:
    def render(logger: object, method: str, event: _Event) -> str:
        # Not in the line: without a number that is a secret it would be no JSON.
        return json.dumps(_masked(_in_order(event), mask), ensure_ascii=False)

    return render


def _masked(value: object, mask: Mask) -> object:
    """Return what JSON can hold of a value, without secrets; a number that holds one becomes a text."""
    if isinstance(value, dict):
        return {mask(str(name)): _masked(one, mask) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, mask) for one in value]
    said = mask(str(value))
    is_kept = value is None or (isinstance(value, int | float) and said == str(value))
    return value if is_kept else said


def _as_line(mask: Mask) -> Callable[[Any, str, _Event], str]:
    def render(logger: object, method: str, event: _Event) -> str:
        said = _in_order(event)
        exception = said.pop("exception", None)
        said.pop("logger", None)
        time, level, text = (said.pop(name, "") for name in _FIRST)
        about = " ".join(f"{name}={one}" for name, one in said.items())
        line = f"{time} {level}: {text}" + (f" [{about}]" if about else "")
        return mask(line if exception is None else f"{line}\n{exception}")

    return render


def _in_order(event: Mapping[str, Any]) -> dict[str, Any]:
    first = {name: event[name] for name in _FIRST if name in event}
    # Another handler's formatter writes the text into the record a second time.
    is_twice = event.get("message") == event.get("event")
    rest = (name for name in sorted(event) if not (is_twice and name == "message"))
    return first | {name: event[name] for name in rest if name not in first}
