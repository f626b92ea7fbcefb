"""What a channel is handed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its last words. The id is the same in every repeat."""

    message_id: str
    subject: str
    body: str
