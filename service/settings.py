"""What an operator can set, by environment variables that start with TESSERA_."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.domain.errors import SetupError

PREFIX = "TESSERA_"
DATABASES = {"sqlite", "postgresql", "postgresql+psycopg"}


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Settings(BaseSettings):
    """All settings. Every field has a sentence here and a row in docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str = Field(
        default="sqlite:///var/tessera.db",
        repr=False,
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME",
    )
    master_key_file: Path = Field(
        default=Path("var/master.key"),
        description="file with the key that encrypts tokens, contacts and private keys",
    )
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=1, le=65535, description="port to listen on")
    base_url: str = Field(
        default_factory=lambda known: _address(known.get("host", ""), known.get("port", 0)),
        description="address by which phones and customers reach us; real phones need https",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="reverse proxies in front, each of which adds an X-Forwarded-For",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="port of /metrics on `host`; that of the service: served by the service itself",
    )
    apns_url: str = Field(
        default="https://api.push.apple.com", description="where pushes to Apple devices go"
    )
    apns_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that APNs is checked against"
    )

    google_api_url: str = Field(
        default="https://walletobjects.googleapis.com",
        description="where Google Wallet keeps classes and objects",
    )
    google_token_url: str = Field(
        default="https://oauth2.googleapis.com/token",
        description="where Google gives service accounts their access tokens",
    )
    google_save_url: str = Field(
        default="https://pay.google.com/gp/v/save",
        description="what a customer's link to Google Wallet begins with",
    )
    google_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that Google is checked against"
    )
    google_calls_per_s: int = Field(
        default=15,
        ge=1,
        le=1000,
        description="calls a second to Google Wallet per issuer, of all processes together",
    )

    @field_validator(
        "base_url", "apns_url", "google_api_url", "google_token_url", "google_save_url"
    )
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
            raise ValueError("must be an address such as https://cards.example.com")
        return url.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_database_address(cls, url: str) -> str:
        scheme, colon, rest = url.partition("://")
        plain = scheme != "sqlite" or (rest.startswith("/") and "?" not in rest)
        if not colon or scheme not in DATABASES or not rest.strip("/") or not plain:
            raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME")
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load() -> Settings:
    """Return the settings of this process.

    Raises:
        SetupError: a TESSERA_ variable is unknown or has a value that cannot be used.
    """
    unknown = sorted(n for n in os.environ if n.startswith(PREFIX) and not _is_known(n))
    if unknown:
        known = ", ".join(sorted(PREFIX + name.upper() for name in Settings.model_fields))
        raise SetupError(f"Unknown setting {', '.join(unknown)}. Known are: {known}.")
    try:
        return Settings()
    except ValidationError as error:
        raise SetupError(_explain(error)) from error


def _is_known(variable: str) -> bool:
    return variable.removeprefix(PREFIX).lower() in Settings.model_fields


def _explain(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)
    faults = [fault for fault in found if fault["type"] != "default_factory_not_called"]
    lines = [f"{PREFIX}{str(f['loc'][0]).upper()}: {f['msg']}" for f in faults]
    return "The settings cannot be used. " + "; ".join(lines)
