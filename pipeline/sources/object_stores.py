"""Object stores that do not answer, told as what they are to us: a disk that does not.

Their clients have exceptions of their own, which nobody here would take for trouble outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_CLIENTS = {"aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google"}
"""Packages of clients. None of them is imported for this, nor need be there."""


class ObjectStoreError(OSError):
    """An object store does not answer, or refuses. Transient, or mended in its settings."""


@contextmanager
def told_as_outside(setting: str) -> Iterator[None]:
    """Turn what the client of an object store raises into an `OSError` that names the setting.

    Raises:
        ObjectStoreError: in place of an exception of a client.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _CLIENTS:
            raise
        raise ObjectStoreError(
            f"{setting}: the object store did not do as asked: {error}; see that it answers, and "
            "look at its address and keys in the environment"
        ) from error
