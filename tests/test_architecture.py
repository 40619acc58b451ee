"""The import rules of docs/architecture.md, held on the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICE = Path(__file__).parent.parent / "service"
EVERYTHING = frozenset({"*"})

# What each layer may import of ours. `wallets/x` is held apart below: never a sibling.
MAY_IMPORT = {
    "domain": {"domain"},
    "storage": {"domain", "storage"},
    "operations": {"domain", "storage", "wallets.interface", "context", "designs", "operations"},
    "designs": {"domain", "designs"},
    "wallets": {"domain", "wallets"},
    "context": {"domain", "storage", "wallets.interface", "settings"},
    "settings": {"domain"},
    "sources": {"domain", "sources"},
    "emulators": {"domain", "emulators"},
    "conformance": {"domain", "emulators", "conformance"},
    "http": {"domain", "operations", "context", "sources", "http", "__init__"},
    "customer": {"domain", "operations", "context", "sources", "customer"},
    "console": {"domain", "operations", "context", "sources", "console"},
    "worker": EVERYTHING,
    "cli": EVERYTHING,
    "app": EVERYTHING,
    "wiring": EVERYTHING,
    "__main__": {"cli"},
    "__init__": set(),
}
EDGES = {"http", "customer", "console"}
NOT_FOR = {"worker": EDGES, "cli": EDGES}


def files() -> list[Path]:
    return [f for f in sorted(SERVICE.rglob("*.py")) if "migrations" not in f.parts]


def layer_of(file: Path) -> str:
    return file.relative_to(SERVICE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield our modules that a file imports, without `service.`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            base = (node.module or "").split(".")
            if base[0] == "service":
                rest = ".".join(base[1:])
                yield from (f"{rest}.{alias.name}".lstrip(".") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                alias.name.removeprefix("service.")
                for alias in node.names
                if alias.name.startswith("service.")
            )


def breaches(file: Path, source: str) -> list[str]:
    """Return the imports of `source` that a file at this place may not make."""
    layer = layer_of(file)
    allowed, denied = MAY_IMPORT[layer], NOT_FOR.get(layer, set())
    found = []
    for module in imported(ast.parse(source)):
        if module.startswith("__version__"):
            continue
        if not is_allowed(module, allowed, denied) or is_sibling_wallet(file, module):
            found.append(f"{file.relative_to(SERVICE)} imports {module}")
    return found


def is_allowed(module: str, allowed: frozenset[str] | set[str], denied: set[str]) -> bool:
    if module.split(".", maxsplit=1)[0] in denied:
        return False
    return "*" in allowed or any(module == a or module.startswith(a + ".") for a in allowed)


def is_sibling_wallet(file: Path, module: str) -> bool:
    parts = file.relative_to(SERVICE).parts
    inside_wallet = parts[0] == "wallets" and len(parts) > 2
    if not (inside_wallet and module.startswith("wallets.")):
        return False
    return module.split(".")[1] not in (parts[1], "interface")


def test_every_import_goes_the_one_way() -> None:
    found = [breach for file in files() for breach in breaches(file, file.read_text())]

    assert found == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("domain/cards.py", "from service.storage import cards"),
        ("domain/cards.py", "import service.context"),
        ("storage/cards.py", "from service.wallets.interface import Wallet"),
        ("operations/cards.py", "from service.http import models"),
        ("operations/cards.py", "from service.wallets.apple.wallet import AppleWallet"),
        ("operations/cards.py", "from service.settings import Settings"),
        ("http/cards.py", "from service.storage import cards"),
        ("customer/links.py", "from service.http.contract import here"),
        ("wallets/apple/wallet.py", "from service.wallets.google.wallet import GoogleWallet"),
        ("wallets/apple/wallet.py", "from service.wallets.catalog import WalletCatalog"),
        ("emulators/apns.py", "from service.wallets.apple.signing import Signer"),
        ("worker/loop.py", "from service.http import problems"),
        ("sources/standard_webhooks.py", "from service.operations import points"),
    ],
)
def test_a_planted_breach_is_found(place: str, line: str) -> None:
    assert breaches(SERVICE / place, line) != []


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        f"{file.relative_to(SERVICE)}:{inner.lineno}"
        for file in files()
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


def test_the_domain_needs_only_the_standard_library() -> None:
    outside = {
        name.split(".")[0]
        for file in files()
        if layer_of(file) == "domain"
        for node in ast.walk(ast.parse(file.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert outside <= {
        "service",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "hashlib",
        "re",
        "typing",
        "uuid",
    }


LARGEST_FOLDER, LARGEST_MODULE = 4000, 450


def lines_of(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def room_of(file: Path) -> str:
    """Return the folder: that is what one person must know at a time."""
    return file.relative_to(SERVICE).parent.as_posix()


def test_every_folder_can_be_known_by_one_person() -> None:
    """docs/decisions/0020: emulators are as large as their vendors' rules."""
    sizes: dict[str, int] = {}
    for file in files():
        sizes[room_of(file)] = sizes.get(room_of(file), 0) + lines_of(file)
    sizes.pop("emulators")

    assert {room: size for room, size in sizes.items() if size > LARGEST_FOLDER} == {}


def test_no_module_has_outgrown_its_name() -> None:
    assert [str(file) for file in files() if lines_of(file) > LARGEST_MODULE] == []


def test_only_operations_open_a_writing_transaction() -> None:
    openers = {
        str(file.relative_to(SERVICE))
        for file in files()
        if ".transaction()" in file.read_text() and layer_of(file) != "operations"
    }

    assert openers <= {"context.py", "wiring.py"}
