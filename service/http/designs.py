"""Designs: uploaded as a zip, each upload a version; listed and read."""

from datetime import datetime
from uuid import UUID

from service.domain.designs import ListedDesign
from service.domain.errors import DesignNotFound, DesignRefused
from service.http.contract import Call, Upload, answer, api
from service.http.models import Shown
from service.http.query import Listing, cursor
from service.operations import designs
from service.operations.designs import LARGEST_ZIP, DesignDetails
from service.operations.runner import Answer

DESIGNS = "designs"
ZIP = Upload("application/zip", LARGEST_ZIP, "design.zip", designs.unpack)


class DesignImageOut(Shown):
    name: str
    width: int
    height: int


class ListedDesignOut(Shown):
    id: UUID
    name: str
    version: int
    languages: list[str]
    created_at: datetime


class DesignOut(ListedDesignOut):
    """A version of a design, with the images that were made for every wallet."""

    images: list[DesignImageOut]
    warnings: list[str]


class DesignsOut(Shown):
    """Versions of designs, newest first."""

    designs: list[ListedDesignOut]
    next_cursor: str | None


@api.operation(
    "POST",
    "/v1/designs",
    scope="designs:write",
    upload=ZIP,
    answers={201: DesignOut},
    problems=(DesignRefused,),
)
def publish_design(call: Call) -> Answer:
    """Upload a design: the next version of its name; no pass changes by itself."""
    return answer(_design(designs.publish(call.context, call.actor.brand_id, call.body)), 201)


@api.operation("GET", "/v1/designs", scope="designs:read", query=Listing, answers={200: DesignsOut})
def list_designs(call: Call) -> Answer:
    """List the versions of the brand's designs, newest first."""
    asked: Listing = call.query
    page = designs.listed(call.context, call.actor.brand_id, asked.cut(DESIGNS))
    shown = [_listed(each) for each in page.items]
    return answer(DesignsOut(designs=shown, next_cursor=cursor(DESIGNS, page.last)))


@api.operation(
    "GET",
    "/v1/designs/{design_id}",
    scope="designs:read",
    answers={200: DesignOut},
    problems=(DesignNotFound,),
)
def read_design(call: Call) -> Answer:
    """Read a version of a design."""
    found = designs.details(call.context, call.actor.brand_id, call.uuid("design_id"))
    return answer(_design(found))


def _listed(listed: ListedDesign) -> ListedDesignOut:
    return ListedDesignOut(
        id=listed.id,
        name=listed.name,
        version=listed.version,
        languages=list(listed.languages),
        created_at=listed.created_at,
    )


def _design(details: DesignDetails) -> DesignOut:
    design = details.design
    return DesignOut(
        id=design.id,
        name=design.name,
        version=design.version,
        languages=list(design.strings),
        created_at=details.created_at,
        images=[
            DesignImageOut(name=name, width=width, height=height)
            for name, (width, height) in details.sizes.items()
        ],
        warnings=details.warnings,
    )
