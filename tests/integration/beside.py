"""What goes on beside a test: `drought` in a process of its own, and what is waited for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.steps.installation import Installation


def drought_beside(office: Installation, url: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the command with the warehouse and the mail server of `office`."""
    settings = office.settings
    environment = {
        "PATH": os.environ["PATH"],
        "DROUGHT_DATABASE_URL": url,
        "DROUGHT_VAR": str(settings.var),
        "DROUGHT_SMTP_HOST": str(settings.smtp_host),
        "DROUGHT_SMTP_PORT": str(settings.smtp_port),
        "DROUGHT_MAIL_FROM": settings.mail_from,
    }
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("drought")), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(true: Callable[[], object]) -> None:
    """Wait for what comes about beside the test, at most 20 seconds."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
