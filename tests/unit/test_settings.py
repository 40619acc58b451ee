"""Settings that cannot be used are refused by name, and secrets stay out of messages."""

import pytest

from service.domain.errors import SetupError
from service.settings import Settings, load


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TESSERA_{name.upper()}", raising=False)


def test_without_any_variable_the_defaults_hold() -> None:
    settings = load()

    assert settings.is_sqlite
    assert settings.base_url == "http://127.0.0.1:8080"


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSERA_PORT", "9000")
    monkeypatch.setenv("TESSERA_BASE_URL", "https://cards.example.com/")

    settings = load()

    assert settings.port == 9000
    assert settings.base_url == "https://cards.example.com"


@pytest.mark.parametrize("name", ["TESSERA_PROT", "TESSERA_", "TESSERA_DATABASE"])
def test_an_unknown_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")

    with pytest.raises(SetupError, match=name) as refused:
        load()
    assert "TESSERA_DATABASE_URL" in refused.value.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TESSERA_PORT", "0"),
        ("TESSERA_PORT", "65536"),
        ("TESSERA_PORT", "http"),
        ("TESSERA_PORT", ""),
        ("TESSERA_BASE_URL", "cards.example.com"),
        ("TESSERA_BASE_URL", "ftp://cards.example.com"),
        ("TESSERA_BASE_URL", "https://"),
        ("TESSERA_BASE_URL", "https://[bad"),
        ("TESSERA_BASE_URL", "https://cards.example.com/?a=1"),
        ("TESSERA_APNS_URL", "api.push.apple.com"),
        ("TESSERA_DATABASE_URL", "mysql://localhost/x"),
        ("TESSERA_DATABASE_URL", "tessera.db"),
        ("TESSERA_DATABASE_URL", "sqlite://"),
        ("TESSERA_DATABASE_URL", ""),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SetupError, match=name):
        load()


def test_the_database_password_is_neither_in_messages_nor_in_the_repr(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TESSERA_DATABASE_URL", "mysql://tessera:hunter2@db/x")
    with pytest.raises(SetupError) as refused:
        load()

    monkeypatch.setenv("TESSERA_DATABASE_URL", "postgresql://tessera:hunter2@db/x")
    settings = load()

    assert "hunter2" not in refused.value.detail
    assert "hunter2" not in repr(settings)
    assert settings.database_url == "postgresql+psycopg://tessera:hunter2@db/x"
    assert not settings.is_sqlite
