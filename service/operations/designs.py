"""Designs: prepared from files, published as versions, listed, and their images given out."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.designs import archive, folder, preparing
from service.designs.images import size_of
from service.designs.preparing import Prepared
from service.domain.design_rules import advice
from service.domain.designs import Design, ListedDesign
from service.domain.errors import ImageNotFound, StorageBusy
from service.domain.pages import Cut, Page
from service.storage import designs
from service.storage.database import Transaction

LARGEST_ZIP = archive.LARGEST_ZIP  # bytes
TURN_WAIT_S = 1.0
# Pictures are large while they are worked on.
_one_at_a_time = threading.Lock()
FONT = Path("fonts") / "Inter-SemiBold-subset.otf"


@dataclass(frozen=True)
class DesignDetails:
    """A version of a design, when it was published, and what it may do without."""

    design: Design
    created_at: datetime
    warnings: list[str]

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return width and height of each image in pixels, by name."""
        return {name: size_of(name, png) for name, png in sorted(self.design.images.items())}


def unpack(context: Context, zipped: bytes) -> Prepared:
    """Return the design in a zip after all checks; nothing is kept yet.

    It takes up to some seconds, so it is done before a transaction is opened.

    Raises:
        DesignRefused: the zip or the design cannot be taken; tells all faults.
        StorageBusy: another design is being prepared.
    """
    with _turn():
        return _prepared(context, archive.unpacked(zipped))


def prepare(context: Context, files: Mapping[str, bytes]) -> Prepared:
    """Return the design that the files make after all checks; nothing is kept yet.

    Raises:
        DesignRefused: it cannot be published; tells all faults.
        StorageBusy: another design is being prepared.
    """
    with _turn():
        return _prepared(context, files)


def _prepared(context: Context, files: Mapping[str, bytes]) -> Prepared:
    return preparing.prepare(files, context.templates / FONT, context.wallets.design_faults)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn, but not as long as to keep other calls from the threads that serve them."""
    if not _one_at_a_time.acquire(timeout=TURN_WAIT_S):
        raise StorageBusy("Another design is being prepared; send this one again in a moment.")
    try:
        yield
    finally:
        _one_at_a_time.release()


@cache
def shipped(templates: Path, kind: str) -> Prepared:
    """Return the design of a program kind, prepared once per process; tests ask the wallets."""
    files = folder.files_at(templates / "passes" / kind)
    return preparing.prepare(files, templates / FONT, judge=lambda design: ())


def publish(context: Context, brand_id: UUID, prepared: Prepared) -> DesignDetails:
    """Keep a design as the next version of its name in the brand, and return it.

    Each call makes a version. Nothing changes for passes until it is rolled out.
    """
    with context.transaction() as transaction:
        return add_version(context, transaction, brand_id, prepared)


def add_version(
    context: Context, transaction: Transaction, brand_id: UUID, prepared: Prepared
) -> DesignDetails:
    """Keep a design as the next version of its name, and return it."""
    designs.lock_name(transaction, brand_id, prepared.name)
    version = designs.newest_version(transaction, brand_id, prepared.name) + 1
    design, now = prepared.design(uuid7(), brand_id, version), context.now()
    designs.insert(transaction, design, prepared.source, now)
    return DesignDetails(design, now, advice(design))


def listed(context: Context, brand_id: UUID, cut: Cut) -> Page[ListedDesign]:
    """Return a part of the versions of the brand's designs, newest first."""
    with context.reading() as transaction:
        return designs.page(transaction, brand_id, cut)


def details(context: Context, brand_id: UUID, design_id: UUID) -> DesignDetails:
    """Return a version of a design of this brand.

    Raises:
        DesignNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        design, line = designs.of_brand(transaction, brand_id, design_id)
    return DesignDetails(design, line.created_at, advice(design))


def image(context: Context, digest: str) -> bytes:
    """Return the PNG of a design whose SHA-256 this is.

    Raises:
        ImageNotFound: there is none.
    """
    with context.reading() as transaction:
        png = designs.image(transaction, digest)
    if png is None:
        raise ImageNotFound("There is no such image.")
    return png
