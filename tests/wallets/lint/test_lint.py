"""The linter as a whole: archives of any kind, before and after signing, one fault told once."""

import ast
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from service.emulators.control import utc_now
from service.wallets.apple.lint import package
from service.wallets.apple.lint.finding import Severity
from service.wallets.apple.lint.lint import lint_file, lint_unsigned
from service.wallets.apple.lint.registry import MOST_HITS
from service.wallets.apple.lint.strings_file import read_strings

from .builders import Signer, a_draft, png, put, store_card, take, zipped

BEST_TO_WORST = (Severity.ADVICE, Severity.DROPPED, Severity.ERROR)


def codes(content: bytes) -> list[str]:
    return [finding.code for finding in lint_file(content, utc_now())[""]]


def test_files_are_linted_before_they_are_signed(signer: Signer) -> None:
    draft = a_draft(signer)
    take("description")(draft)
    content, files = draft.content, draft.files

    found = lint_unsigned({**files, "pass.json": draft.pass_json(content)}, utc_now())

    assert [each.code for each in found] == ["required-key-missing"]


def test_unsigned_files_need_neither_manifest_nor_signature(signer: Signer) -> None:
    draft = a_draft(signer)

    assert (
        lint_unsigned({**draft.files, "pass.json": draft.pass_json(draft.content)}, utc_now()) == []
    )


def test_an_unreadable_pass_json_does_not_bring_its_missing_keys_as_well() -> None:
    _, files = store_card()

    found = lint_unsigned({**files, "pass.json": b"{"}, utc_now())

    assert [each.code for each in found] == ["pass-json-unreadable"]


def test_the_worst_findings_come_first(signer: Signer) -> None:
    draft = a_draft(signer)
    for change in (put("backgroundColor", "#fff"), put("currency", 1), take("description")):
        change(draft)
    put("groupingIdentifier", "g")(draft)

    severities = [each.severity for each in draft.findings()]

    assert set(severities) == set(Severity)
    assert all(
        BEST_TO_WORST.index(first) >= BEST_TO_WORST.index(second)
        for first, second in pairwise(severities)
    )


def test_one_rule_is_not_told_without_end(signer: Signer) -> None:
    draft = a_draft(signer)
    draft.content["storeCard"]["backFields"] = [{"key": f"k{n}"} for n in range(100)]

    found = [each for each in draft.findings() if each.code == "field-value-missing"]

    assert len(found) == MOST_HITS


def test_nothing_in_a_pass_steers_the_terminal(signer: Signer) -> None:
    draft = a_draft(signer)
    put("backgroundColor", "\x1b]0;owned\x07\u202e" + "x" * 500)(draft)

    (found,) = draft.findings()

    assert found.fix.isprintable()
    assert len(found.fix) < 200


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "LARGEST_UNPACKED_BYTES", 999)
    bomb = zipped({"pass.json": b"0" * 1_000})

    assert codes(bomb) == ["archive-too-large"]


def test_as_many_files_as_a_pass_may_have_are_read_and_no_more() -> None:
    files = {f"{number}.txt": b"" for number in range(package.MOST_ENTRIES)}

    assert "archive-too-large" not in codes(zipped(files))
    assert codes(zipped({**files, "one.txt": b""})) == ["archive-too-large"]


def test_a_directory_of_endless_length_is_not_read() -> None:
    assert codes(package.DIRECTORY_HEADER * (package.MOST_HEADERS + 1)) == ["archive-too-large"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_packed_in_a_way_no_phone_reads_is_told(method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("icon.png", png(38, 38))

    assert "archive-entry" in codes(buffer.getvalue())


def test_a_damaged_file_is_told_by_its_name(signer: Signer) -> None:
    built = bytearray(a_draft(signer).built())
    built[built.index(b"logo.png") + 12] ^= 0xFF

    found = lint_file(bytes(built), utc_now())[""]

    assert ("archive-entry", "logo.png") in {(each.code, each.where) for each in found}


def test_a_file_without_a_name_is_told() -> None:
    assert "archive-entry" in codes(zipped({"xx": b""}).replace(b"xx", b"\0x"))


def test_a_bundle_is_told_pass_by_pass_and_macs_files_in_it_are_none(signer: Signer) -> None:
    good = a_draft(signer).built()
    bundle = zipped({"a.pkpass": good, "__MACOSX/._a.pkpass": b"", "B.PKPASS": b""})

    found = lint_file(bundle, utc_now())

    assert {name: [each.code for each in told] for name, told in found.items()} == {
        "a.pkpass": [],
        "B.PKPASS": ["archive-unreadable"],
    }


def test_of_a_bundle_without_end_the_first_hundred_are_examined() -> None:
    bundle = zipped({f"{number}.pkpass": b"" for number in range(150)})

    assert len(lint_file(bundle, utc_now())) == package.MOST_PASSES


@pytest.mark.parametrize(
    ("content", "table"),
    [
        (b'"a" = "b";', {"a": "b"}),
        (b'/* "x" = "y"; */ "a"="b"; // done', {"a": "b"}),
        (b'"a\\"b" = "c\\\\d\\ne";', {'a"b': "c\\d\ne"}),
        (b'"a" = "\\U00e9";', {"a": "\u00e9"}),
        ('\ufeff"a" = "\u00e9";'.encode("utf-16-le"), {"a": "\u00e9"}),
        ('\ufeff"a" = "\u00e9";'.encode("utf-16-be"), {"a": "\u00e9"}),
        ('"a" = "\u00e9";'.encode("utf-8-sig"), {"a": "\u00e9"}),
        (b"a.b = c;", {"a.b": "c"}),
        (b"", {}),
        (b'"a" = "b"', None),
        (b'"a" "b";', None),
        (b'"a" = "b;', None),
        (b'"a" = = ;', None),
        ('"a" = "\u00e9";'.encode("utf-16-le"), None),
        ('"a" = "\u00e9";'.encode("latin-1"), None),
    ],
)
def test_strings_are_read_as_a_phone_reads_them(
    content: bytes, table: dict[str, str] | None
) -> None:
    assert read_strings(content) == table


@pytest.mark.parametrize("options", [[], ["-keyid"], ["-md", "sha1"], ["-md", "sha512"]])
def test_signatures_of_openssl_are_read_too(
    signer: Signer, tmp_path: Path, options: list[str]
) -> None:
    for name, pem in (
        ("leaf.pem", signer.issued.certificate_pem),
        ("leaf.key", signer.issued.key_pem),
        ("wwdr.pem", signer.authority.wwdr_pem),
    ):
        (tmp_path / name).write_bytes(pem)
    command = "openssl cms -sign -binary -outform DER -signer leaf.pem -inkey leaf.key"
    draft = a_draft(signer)
    draft.roots = signer.authority.root_pem

    draft.sign = lambda manifest: (
        subprocess.run(
            [*command.split(), "-certfile", "wwdr.pem", *options],
            input=manifest,
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
    )

    assert draft.findings() == []


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_the_linter_needs_nothing_else_of_ours() -> None:
    modules = {
        module for path in Path(package.__file__).parent.glob("*.py") for module in imported(path)
    }

    others = {module for module in modules if module.split(".")[0] not in sys.stdlib_module_names}
    assert all(
        module.startswith("service.wallets.apple.lint")
        or module.split(".")[0] in ("cryptography", "asn1crypto")
        for module in others
    )
