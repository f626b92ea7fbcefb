"""The four errors an operator can meet, named for what to do about them.

Every message reads: where: what is wrong, expected X, got Y; what to do. Transient faults of
the outside world keep their own library's exception, so that they can be retried.
"""

from __future__ import annotations


class DroughtError(Exception):
    """Base of every error this project raises on purpose."""


class NotPublishedError(DroughtError):
    """The data do not exist yet. Wait; nothing is broken."""


class InputError(DroughtError):
    """Data or configuration are wrong. Stop and look; a retry mends nothing."""


class ConflictError(DroughtError):
    """Two truths: an edited migration, a changed plan version, real beside simulated data."""


class DeliveryError(DroughtError):
    """A channel did not take a message. Retry the channel; nothing is lost."""


class NotCalledError(DeliveryError):
    """A message was refused before its channel was called, which tells nothing of the channel."""


class ChannelDownError(DeliveryError):
    """A channel does not answer at all: no message of this round can pass it."""
