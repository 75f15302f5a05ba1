"""The settings: read once from the environment when a process starts, and passed on."""

import os
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.api.http.limits.trusted_proxies import TrustedProxies, parse_trusted_proxies
from app.outbox.mail_server import MailServer, parse_mail_server_url
from app.persistence.engine.connection import urls_per_host
from app.wording.email_addresses import InvalidEmailAddress, parse_mailbox


class Settings(BaseSettings):
    """Names and defaults as in the API contract; `secret_key` has no default when a database is given."""

    model_config = SettingsConfigDict(frozen=True, env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    data_dir: Path = Path("var")
    public_base_url: str | None = None
    secret_key: SecretStr | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = "Inscriptions des conseillers numériques <inscriptions@conseiller-numerique.example>"
    support_email: str = "support@conseiller-numerique.example"
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    run_worker: bool = False
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    webhook_allow_private_addresses: bool = False
    anonymise_after_years: Annotated[int, Field(ge=1, le=30)] = 5
    rate_limit_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    trusted_proxies: str = ""
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 3.0
    token_issuer: str | None = None
    token_audience: str | None = None
    token_jwks_url: str | None = None
    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of `secret_key`, newest first."""
        return tuple(self.secret_key.get_secret_value().split()) if self.secret_key is not None else ()

    @property
    def base_url(self) -> str:
        """The base of links, without a trailing slash."""
        return self.public_base_url or f"http://{self.host}:{self.port}"

    @property
    def mail_server(self) -> MailServer | None:
        return parse_mail_server_url(self.smtp_url.get_secret_value()) if self.smtp_url is not None else None

    @property
    def proxies(self) -> TrustedProxies:
        return parse_trusted_proxies(self.trusted_proxies)

    @property
    def has_mailbox(self) -> bool:
        """Whether e-mails are not sent but shown on a page to anybody: never where the service is public, by https."""
        return self.smtp_url is None and not self.base_url.startswith("https:")

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_mail_server_url(value.get_secret_value())
        return value

    @field_validator("support_email")
    @classmethod
    def _strip_display_name(cls, value: str) -> str:
        """Without the display name that it may have."""
        return _without_display_name(value)

    @field_validator("mail_from", "support_email")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        """An address that the composer of e-mails accepts."""
        try:
            parse_mailbox(_without_display_name(value))
        except InvalidEmailAddress as problem:
            raise ValueError(problem.reason.fr) from None
        if parseaddr(value)[1] != _without_display_name(value):
            raise ValueError("doit être une adresse, ou un nom et une adresse : Inscriptions <inscriptions@exemple.fr>")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("doit commencer par postgresql://")
        if value is not None:
            urls_per_host(value.get_secret_value())
        return value

    @field_validator("public_base_url")
    @classmethod
    def _is_a_web_address(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("doit commencer par http:// ou https://")
        return value.rstrip("/") if value else None

    @field_validator("token_issuer", "token_jwks_url")
    @classmethod
    def _must_use_https(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
        ):
            raise ValueError("doit commencer par https:// (http:// pour cette machine seulement)")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        try:
            parse_trusted_proxies(value)
        except ValueError:
            raise ValueError("des adresses ou des réseaux, comme 10.0.0.0/8, fd00::/8 ou 192.0.2.7") from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        parts = value.get_secret_value().split() if value is not None else []
        if value is not None and (not parts or min(map(len, parts)) < MINIMUM_SECRET_LENGTH):
            raise ValueError(f"chaque valeur doit avoir au moins {MINIMUM_SECRET_LENGTH} caractères")
        return value


def _without_display_name(value: str) -> str:
    """An address without its display name."""
    _, bracket, rest = value.rpartition("<")
    return rest.removesuffix(">") if bracket and value.endswith(">") else value


MINIMUM_SECRET_LENGTH = 32
# Files of the data folder, for as long as a service with the embedded database runs on it.
SECRET_FILE, DATABASE_FILE = "secret-key", "database-url"
LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}


class SettingsError(Exception):
    """A setting is wrong or missing; the message is one line that names it and says what would be right."""


def read_settings() -> Settings:
    """Raise SettingsError."""
    try:
        settings = Settings()
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name} : {first['msg'].removeprefix('Value error, ')}") from None
    if settings.database_url is not None and settings.secret_key is None:
        raise SettingsError(
            f"SECRET_KEY : requis quand DATABASE_URL est défini ; donnez {MINIMUM_SECRET_LENGTH} caractères aléatoires "
            "(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')"
        )
    if settings.token_issuer is not None and settings.token_audience is None:
        raise SettingsError("TOKEN_AUDIENCE : requis avec TOKEN_ISSUER ; le nom de ce service dans ses jetons (`aud`)")
    return settings


def settings_of_running_service() -> Settings:
    """As `read_settings`; without DATABASE_URL, with the database of the service that runs on the data folder.

    Raise SettingsError.
    """
    settings = read_settings()
    files = {"database_url": settings.data_dir / DATABASE_FILE, "secret_key": settings.data_dir / SECRET_FILE}
    if settings.database_url is not None or not os.access(files["database_url"], os.R_OK):
        return settings
    found = {name: SecretStr(file.read_text().strip()) for name, file in files.items() if file.exists()}
    return settings.model_copy(update=found if settings.secret_key is None else {"database_url": found["database_url"]})


def database_url(settings: Settings) -> str:
    """For a command that needs a database. Raise SettingsError."""
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL : requis par cette commande, sauf à côté de `make run` (même DATA_DIR)")
    return settings.database_url.get_secret_value()
