"""Programs show their numbers in a format that can carry every one of them."""

from typing import Any

import pytest

from service.domain.barcodes import fault
from service.domain.errors import InvalidInput
from service.domain.programs import BarcodeFormat, Program
from service.operations import programs
from tests.world import World

EAN = {"prefix": "29", "length": 13, "check": "ean"}


def a_program(world: World, barcode: str, **scheme: Any) -> Program:
    return programs.create_program(
        world.context,
        world.brand.id,
        "points",
        f"Cards in {barcode}",
        barcode_format=barcode,
        number_scheme=scheme,
    )


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_a_card_can_be_issued_in_every_format_and_its_number_is_scanned(
    world: World, barcode_format: BarcodeFormat
) -> None:
    scheme = EAN if barcode_format is BarcodeFormat.EAN13 else {}
    program = a_program(world, barcode_format, **scheme)

    card = world.call("POST", "/v1/cards", {"program": str(program.id)}).json

    found = world.call("POST", "/v1/lookup", {"barcode": card["barcode"]["message"]}).json
    assert card["barcode"] == {"format": barcode_format, "message": card["number"]}
    assert fault(barcode_format, card["number"]) is None
    assert found["can_earn"] is True


@pytest.mark.parametrize(
    ("barcode", "scheme"),
    [("ean13", {}), ("ean13", {**EAN, "prefix": "04"}), ("itf", {"length": 13})],
)
def test_a_program_whose_numbers_could_not_be_scanned_is_refused_and_leaves_nothing_behind(
    world: World, barcode: str, scheme: dict[str, Any]
) -> None:
    before = programs.programs_of(world.context, world.brand.id)

    with pytest.raises(InvalidInput) as refused:
        a_program(world, barcode, **scheme)

    assert refused.value.faults[0][0] == "number_scheme"
    assert programs.programs_of(world.context, world.brand.id) == before


def test_parts_of_the_number_scheme_can_be_changed_alone(world: World) -> None:
    program = a_program(world, "qr", prefix="77")

    assert (program.number_scheme.prefix, program.number_scheme.length) == ("77", 16)


@pytest.mark.parametrize(
    ("barcode", "number"),
    [
        ("ean13", "4006381333932"),
        ("ean13", "400638133393"),
        ("ean13", "0400638133390"),
        ("code39", "abc-1"),
        ("codabar", "AB-1"),
        ("itf", "12345"),
    ],
)
def test_a_number_on_plastic_that_the_format_cannot_carry_is_refused_with_the_reason(
    world: World, barcode: str, number: str
) -> None:
    program = a_program(world, barcode, **(EAN if barcode == "ean13" else {}))
    body = {"program": str(program.id), "number": number}

    issued = world.call("POST", "/v1/cards", body)
    told = world.call("PUT", f"/v1/programs/{program.id}/members/m-1", {"number": number})

    for answer in (issued, told):
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
        (fault_of,) = answer.json["errors"]
        assert fault_of["field"] == "number"
        assert fault_of["problem"] == fault(BarcodeFormat(barcode), number)
        assert barcode in answer.json["detail"]


@pytest.mark.parametrize(
    ("barcode", "number"),
    [("ean13", "4006381333931"), ("code39", "ABC-1"), ("codabar", "A123-4B"), ("itf", "123456")],
)
def test_a_number_on_plastic_that_the_format_carries_is_kept(
    world: World, barcode: str, number: str
) -> None:
    program = a_program(world, barcode, **(EAN if barcode == "ean13" else {}))

    card = world.call("POST", "/v1/cards", {"program": str(program.id), "number": number})

    assert (card.status_code, card.json["number"]) == (201, number)
