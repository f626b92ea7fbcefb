"""How a CAP message is sent: as what, under which name, when, to whom, and after which messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.alerts.words import COMMON_LANGUAGES
from pipeline.core.errors import InputError


class MessageKind(StrEnum):
    """CAP `msgType`: what a message does to those before it."""

    ALERT = "Alert"
    """The first of a chain."""
    UPDATE = "Update"
    """It takes their place."""
    CANCEL = "Cancel"
    """It takes them back."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message of the same chain."""

    sender: str
    identifier: str
    sent: str
    """Exactly as it stands in that message."""
    expires: datetime
    """With an offset."""

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{self.sent}"


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends a message under which name, when, to whom, and what it follows."""

    identifier: str
    sender: str
    sent: datetime
    """With an offset."""
    addresses: tuple[str, ...]
    """Who may read a private message."""
    kind: MessageKind = MessageKind.ALERT
    references: tuple[Reference, ...] = ()
    """The messages whose place this one takes, or that it takes back, oldest first."""
    authority: str | None = None
    """The registered alerting authority; None until there is one."""
    languages: tuple[str, ...] = COMMON_LANGUAGES
    """Those whose texts may leave."""

    def __post_init__(self) -> None:
        for name, value in (("identifier", self.identifier), ("sender", self.sender)):
            if not value or set(value) & set(" ,<&\t\n"):
                raise InputError(
                    f"CAP {name}: expected a name without spaces, commas, '<' and '&', got {value!r}"
                )
        if self.sent.tzinfo is None:
            raise InputError(f"CAP sent: expected a time with an offset, got {self.sent}")
        if not self.languages:
            raise InputError("CAP languages: expected at least one, got none")
        if (self.kind is MessageKind.ALERT) != (not self.references):
            raise InputError(
                f"CAP {self.identifier}: expected references in an Update or a Cancel, and none in an "
                f"Alert, got {len(self.references)} in {self.kind}"
            )
