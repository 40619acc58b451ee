"""Our passes beside those of other makers: one design, one certificate, one run."""

import sys
import tempfile
import zipfile
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from bench import signing
from bench.peers.environments import PEERS, DidNotInstall
from bench.peers.players import Player, lay_out, remark
from bench.sample import a_credential, a_design, now, pinned, table
from bench.signing import OURS, Contestants, Passes, ratio
from bench.targets import Target
from service.emulators.certificates import Authority

PROMISED = "passkit-generator 3.6.1"


def main() -> list[Target]:
    """Measure all in turns, print the table and who is not in it, and return what was promised."""
    authority = Authority.create(now())
    credential, design = a_credential(authority), a_design()
    passes = Passes(credential, design)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "root.pem").write_bytes(authority.root_pem)
        pem = {
            "certificate": credential.certificate_pem,
            "key": credential.private_key_pem,
            "wwdr": credential.wwdr_pem,
        }
        files = unsigned(passes.build())
        lay_out(folder, files, design.strings, pem)
        stack.enter_context(pinned())
        players, absent = started(folder, stack)
        remarks = {name: checked(player, name, folder, files) for name, player in players.items()}
        everyone: Contestants = signing.contestants(passes)
        everyone |= {name: player.rate for name, player in players.items()}
        rounds = signing.measure(everyone, "Passes built and signed", remarks)
    if absent:
        table("Not measured", ("maker", "did not install"), list(absent.items()))
    return [signing.promised(rounds), *against(rounds)]


def unsigned(pkpass: bytes) -> dict[str, bytes]:
    """Return the files of a pass but for those that its signer makes."""
    with zipfile.ZipFile(BytesIO(pkpass)) as bundle:
        names = [name for name in bundle.namelist() if name not in ("manifest.json", "signature")]
        return {name: bundle.read(name) for name in names}


def started(folder: Path, stack: ExitStack) -> tuple[dict[str, Player], dict[str, str]]:
    """Return the peers at work, and why others are not."""
    players, absent = {}, {}
    for peer in PEERS:
        sys.stderr.write(f"{peer.name} ...\n")
        try:
            players[peer.name] = stack.enter_context(Player(peer.command(folder)))
        except (DidNotInstall, RuntimeError) as error:
            absent[peer.name] = str(error)
    return players, absent


def checked(player: Player, name: str, folder: Path, files: dict[str, bytes]) -> str:
    """Return what independent tools say of the peer's pass."""
    pkpass = folder / f"{name.replace('/', '-')}.pkpass"
    player.save(pkpass)
    return remark(pkpass, folder / "root.pem", set(files))


def against(rounds: signing.Rounds) -> list[Target]:
    """Return how much faster we are than the peer that was promised, if it was there."""
    if PROMISED not in rounds[0]:
        return []
    return [Target(f"building a pass, times {PROMISED}", ratio(rounds, OURS, PROMISED), 100)]
