"""What readers get without asking: bulletins, the site for inside, and the public one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.core.components import Component
from pipeline.core.ids import Origin
from pipeline.steps.bulletins import write_bulletins
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance, quietly
from pipeline.steps.site import Published, publish_site
from pipeline.warehouse.outcomes import read_identity


@acts_as(Component.PUBLISH)
def publish(
    installation: Installation,
    *,
    advance: Advance = quietly,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Published]:
    """Write the bulletins of the newest month, then the site; then the public one, if it has an address.

    Of simulated data there is no public site.

    Args:
        installation: this one.
        advance: told how far it is.
        tell: told of issued bulletins that are gone, or not what they were.

    Raises:
        InputError: there are no stages yet, or an issued bulletin is not as it was issued.
        ConflictError: another run is publishing.
        DeliveryError: a folder cannot be written to; what stood there stays.
    """
    with recorded(installation.warehouse, "publish") as report:
        write_bulletins(installation, advance=advance, tell=tell)
        sites = [publish_site(installation, advance=advance)]
        if installation.settings.site_url is not None and not _is_simulated(installation):
            sites.append(publish_site(installation, public=True, advance=advance))
        report.rows = sum(site.files for site in sites)
        report.message = "; ".join(map(str, sites))
        return sites


@acts_as(Component.PUBLISH)
def publish_one(
    installation: Installation,
    *,
    public: bool,
    to: Path | None,
    accepts_unchecked: bool,
    advance: Advance = quietly,
) -> Published:
    """Write one site and nothing else, for another folder or with other languages.

    No part of a month's way: its outcome bears a name of its own.

    Args:
        installation: this one.
        public: the public one.
        to: the folder; None: that of the settings.
        accepts_unchecked: in the public one also languages that no speaker has checked.
        advance: told how many files are written.

    Raises:
        InputError: as `publish_site`.
        ConflictError: another run is publishing there.
        DeliveryError: the folder cannot be written to; what stood there stays.
    """
    with recorded(installation.warehouse, "publish_one") as report:
        site = publish_site(
            installation,
            public=public,
            to=to,
            accepts_unchecked=accepts_unchecked,
            advance=advance,
        )
        report.rows, report.message = site.files, str(site)
        return site


def _is_simulated(installation: Installation) -> bool:
    with installation.warehouse.connect() as connection:
        return read_identity(connection).origin is Origin.SIMULATED
