"""Every setting, read once from the environment by `wiring` and passed down.

A setting may also be a file, so that a password stands in nobody's environment: in the folder that
``CREDENTIALS_DIRECTORY`` names, which systemd sets and our container image points at
``/run/secrets``, a file with the variable's name in small letters, such as ``drought_smtp_password``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from warnings import catch_warnings, simplefilter

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from pipeline.core.authority_arcs import country_of
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.secrets import secrets_of_url

FILES_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Names the folder of settings that are files; unset, or no such folder: there are none."""
_PREFIX = "DROUGHT_"
_LEFT = {
    "DROUGHT_MAIL_TO": "recipients are a register now: take it out of the environment, and enter each "
    "address with `drought recipients add NAME --channel mail --address …`",
}
"""Settings of earlier versions, and what to do instead."""


def _calibration(value: object) -> object:
    try:
        return CalibrationPeriod.parse(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from error


def _arc(value: str | None) -> str | None:
    if value is not None:
        try:
            country_of(value)
        except InputError as error:
            raise ValueError(str(error)) from error
    return value


def _list(value: object) -> object:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


class _Files(SecretsSettingsSource):
    """Settings that are files. An empty file is an unset setting, as an empty variable is."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        return value or None, key, is_complex


class Settings(BaseSettings):
    """Settings, each an environment variable ``DROUGHT_<NAME>`` unless it says otherwise.

    What the environment says goes before a file.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        # Compose files pass what is not set as an empty text.
        env_ignore_empty=True,
        frozen=True,
        arbitrary_types_allowed=True,
        populate_by_name=True,
    )

    var: Path = Path("var")
    """Folder of everything this installation writes."""
    database_url: SecretStr | None = None
    """A Postgres of your own; unset: the embedded one under `var`."""
    postgres_served: bool = False
    """The embedded Postgres is a service's (`drought db serve`): commands wait for it, and start none."""
    archive_url: str | None = Field(default=None, repr=False)
    """Where raw files are kept, any fsspec URL; unset: ``var/archive``."""
    grids_url: str | None = Field(default=None, repr=False)
    """Where grids and maps are kept, a path or any fsspec URL; unset: ``var/grids``."""
    watch: Annotated[list[str], NoDecode, BeforeValidator(_list)] = Field(default=[], repr=False)
    """Drop folders besides ``incoming``, paths or any fsspec URLs, separated by commas."""
    backups: Path | None = None
    """Folder of the backups of the warehouse; unset: ``var/backups``."""
    backups_kept: int = Field(default=7, ge=1)
    """How many of the newest are kept."""
    calibration: Annotated[CalibrationPeriod, NoDecode, BeforeValidator(_calibration)] = (
        CalibrationPeriod(1991, 2020)
    )
    min_coverage: float = Field(default=0.5, gt=0, le=1)
    """Share of a landscape's area that needs values."""
    rainless_share: float = Field(default=0.3173, gt=0, le=0.66)
    """SPI (and SMRI, SWEI) does not speak in a calendar month with more rainless years than this
    share. A stored fit keeps the limit it was made with: to change it, calibrate anew."""
    trust_clock: bool = False
    """Work although the warehouse holds later times than the clock shows: the clock was wrong then."""
    source: str | None = None
    """The data source to decide by; may stay unset while the warehouse holds only one grid.
    ``blended``: by gauges and grid together where gauges suffice, elsewhere by the grid."""
    blend_with: str | None = None
    """The grid that gauges are blended with; unset: `source`, or the only grid held."""
    authority: str | None = Field(default=None, pattern=r"\S")
    """The authority in whose name CAP messages may say `Actual`; unset: they never do."""
    authority_oid: Annotated[str | None, AfterValidator(_arc)] = None
    """The authority's registered arc, such as ``2.49.0.1.860.0``, for CAP identifiers of its
    country; unset, and for other countries: they are of a form of our own."""
    cap_sender: str = Field(default="drought@localhost", pattern=r"^[^\s,<&]+$")
    """CAP `sender`: unique to the agency, by convention like a mail address."""
    smtp_host: str | None = None
    """Mail server; unset: no mail."""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    mail_from: str = "drought@localhost"
    channels: Path | None = None
    """File of the channels besides mail: chat, SMS, webhooks, with their keys. Only its owner may
    read it."""
    site_url: str | None = Field(default=None, pattern=r"^https?://[^\s<>\"]+$")
    """Where the public site will be seen, for the links of its feed; unset: no feed is written."""
    mail_operator: Annotated[list[str], NoDecode, BeforeValidator(_list)] = []
    """Who inside the agency is told each month how it ended, what fails, and which alerts nobody answers, separated by commas."""
    log: Literal["text", "json"] = "text"
    """How the command logs on its error stream: lines for people, or JSON for a journal."""
    analyst_minutes: float = Field(default=15, gt=0)
    """Sessions of analysts whose transaction is older are ended, whatever limit they set themselves."""
    cdsapi_url: str = Field(
        default="https://cds.climate.copernicus.eu/api", validation_alias="CDSAPI_URL"
    )
    cdsapi_key: SecretStr | None = Field(default=None, validation_alias="CDSAPI_KEY")
    cds_pause_seconds: float = Field(default=30, gt=0)
    """The longest pause between two questions to the data store."""
    cds_wait_seconds: float = Field(default=3 * 3600, gt=0)
    """How long a command waits for the store's queue while nothing comes."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _Files(settings_cls, secrets_dir=_folder_of_files())

    @property
    def postgres_folder(self) -> Path:
        return self.var / "postgres"

    @property
    def incoming(self) -> Path:
        """The drop folder of this installation: files of any kind, in any sub-folder."""
        return self.var / "incoming"

    @property
    def downloads(self) -> Path:
        """Replies of the data store on their way in; what is left there goes on later."""
        return self.var / "downloads"

    @property
    def outgoing(self) -> Path:
        """Letters and CAP files that left."""
        return self.var / "outgoing"

    @property
    def site(self) -> Path:
        """The site for the agency itself."""
        return self.var / "site"

    @property
    def public_site(self) -> Path:
        """The site of what may be public."""
        return self.var / "public"

    @property
    def bulletins(self) -> Path:
        """Bulletins of every month, in sub-folders by month."""
        return self.var / "bulletins"

    @property
    def backups_folder(self) -> Path:
        return self.backups or self.var / "backups"

    @property
    def metrics(self) -> Path:
        """What a monitoring system scrapes, written at the end of every run."""
        return self.var / "metrics" / "drought.prom"

    @property
    def unit_notices(self) -> Path:
        """Where systemd units note which of them failed, each by an empty file."""
        return self.var / "units"

    @property
    def archive(self) -> str:
        return self.archive_url or (self.var / "archive").absolute().as_uri()

    @property
    def grids(self) -> str:
        return self.grids_url or (self.var / "grids").absolute().as_uri()


def settings_from_environment() -> Settings:
    """Return the settings.

    Raises:
        InputError: a variable or a file holds a value that cannot be meant.
    """
    known = {_variable(name) for name in Settings.model_fields}
    files = _files()
    given = {*os.environ, *files}
    unknown = sorted(n for n in given if n.startswith(_PREFIX) and n not in known)
    for name in unknown:
        if name in _LEFT:
            raise InputError(f"settings: {name}: there is no such setting any more; {_LEFT[name]}")
    if unknown:
        raise InputError(
            f"settings: {', '.join(unknown)}: there is no such setting, expected one of "
            f"{', '.join(sorted(n for n in known if n.startswith(_PREFIX)))}; correct its spelling"
        )
    try:
        with catch_warnings():
            # Of files that are none, or lie outside: a password that is left out fails much later.
            simplefilter("error", UserWarning)
            return Settings()
    except SettingsError as error:
        raise InputError(
            f"settings: {_folder_of_files()}: {error}: {error.__cause__}; expected files in the folder "
            "itself that this account may read, of text in UTF-8; mend the file or take it away"
        ) from error
    except ValidationError as error:
        wrong = [(_variable(str(e["loc"][0])), e["msg"]) for e in error.errors()]
        faults = "; ".join(f"{name}: {what.removeprefix('Value error, ')}" for name, what in wrong)
        places = {_place(name, files) for name, _ in wrong}
        raise InputError(f"settings: {faults}; correct {' and '.join(sorted(places))}") from error


def _place(variable: str, files: dict[str, Path]) -> str:
    """Return where a value came from."""
    is_of_file = variable in files and not os.environ.get(variable)
    return str(files[variable]) if is_of_file else "the environment variable"


def secrets_of(settings: Settings) -> list[str]:
    """Return every text of the settings that may be shown nowhere."""
    secret = [value for _, value in settings if isinstance(value, SecretStr)]
    said = [one.get_secret_value() for one in secret]
    urls = [*said, *settings.watch, settings.archive, settings.grids, settings.cdsapi_url]
    in_urls = [secret for url in urls if "://" in url for secret in secrets_of_url(url)]
    return [text for text in (*said, *in_urls) if text]


def _variable(name: str) -> str:
    """Return the environment variable behind a field, or behind its alias."""
    return f"{_PREFIX}{name.upper()}" if name in Settings.model_fields else name


def _folder_of_files() -> Path | None:
    folder = os.environ.get(FILES_VARIABLE)
    return Path(folder) if folder and Path(folder).is_dir() else None


def _files() -> dict[str, Path]:
    """Return the files that may be settings, each under the variable it stands for."""
    folder = _folder_of_files()
    return {} if folder is None else {path.name.upper(): path for path in folder.iterdir()}
