"""What `tessera designs` does: commands by name, the same here as inside a running service."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

from service.cli.results import Command, Result
from service.context import Context
from service.designs.folder import files_at
from service.domain.designs import ListedDesign
from service.domain.pages import Cut
from service.operations import designs, programs

PART = 100


def publish_design(context: Context, brand: str, path: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    prepared = designs.prepare(context, files_at(Path(path)))
    published = designs.publish(context, brand_id, prepared)
    design = published.design
    return {
        "id": str(design.id),
        "name": design.name,
        "version": design.version,
        "languages": list(design.strings),
        "images": len(design.images),
        "warnings": published.warnings,
    }


def list_designs(context: Context, brand: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    return [
        {
            "id": str(each.id),
            "name": each.name,
            "version": each.version,
            "languages": " ".join(each.languages),
            "created_at": each.created_at.isoformat(),
        }
        for each in _all(context, brand_id)
    ]


def _all(context: Context, brand_id: UUID) -> Iterator[ListedDesign]:
    last: UUID | None = None
    while True:
        page = designs.listed(context, brand_id, Cut(PART, last))
        yield from page.items
        if page.last is None:
            return
        last = page.last


COMMANDS: Mapping[str, Command] = {
    "designs publish": publish_design,
    "designs list": list_designs,
}
