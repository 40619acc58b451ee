"""The fix is exact: it names the place, what is there and what must be there."""

import pytest

from service.emulators.control import utc_now
from service.wallets.apple.lint.lint import lint_unsigned

from .builders import Change, Signer, a_draft, add, png, put, remove, take
from .cases_content import BALANCE, HEADER, PRIMARY, SITE, UNTIL, barcode, coded, places

FIXES: list[tuple[Change, str]] = [
    (take("description"), "Add description to pass.json."),
    (put("formatVersion", "1"), "it is the string '1'."),
    (put("logoText", None), "Write logoText as a string, or leave it out; it is null."),
    (put("voided", "no"), "Write voided as true or false, or leave it out; it is the string 'no'."),
    (
        put("associatedStoreIdentifiers", ["1"]),
        "Write associatedStoreIdentifiers as a list of whole numbers, or leave it out; "
        "it is a list that begins with a string.",
    ),
    (put(f"{PRIMARY}.label", {}), "Write storeCard.primaryFields[0].label as a string"),
    (
        put(f"{SITE}.key", "points"),
        'Change the key of storeCard.backFields[0].key: "points" is taken by '
        "storeCard.headerFields[0].",
    ),
    (take(f"{UNTIL}.timeStyle"), "Add timeStyle to storeCard.secondaryFields[0]"),
    (take(f"{UNTIL}.dateStyle"), "Add dateStyle to storeCard.secondaryFields[0]"),
    (put(f"{UNTIL}.value", 5), "it is no string."),
    (put(f"{HEADER}.value", "1,250"), 'it is "1,250". The phone adds separators.'),
    (put(f"{BALANCE}.currencyCode", "euro"), "like EUR or USD; it is euro."),
    (put("backgroundColor", "#1a2B3c"), "as rgb(26, 43, 60) instead of #1a2B3c."),
    (put("backgroundColor", "#fa0"), "as rgb(255, 170, 0) instead of #fa0."),
    (coded(barcode("EAN13", "4006381333932")), "as 4006381333931; it is 4006381333932."),
    (coded(barcode("EAN13", "123")), "as 12 digits; it is 123."),
    (places(12), "Leave the ten places nearest to the customer in locations: there are 12."),
    (put("maxDistance", "100"), "without quotes; it is no number."),
    (put("maxDistance", -5), "without quotes; it is -5."),
    (put("authenticationToken", "short"), "it has 5."),
    (
        put("featuredActions", [{"identifier": "a", "url": "https://example.com"}]),
        "featuredActions[0].type as one of viewSchedule, watchTrailer",
    ),
    (remove("icon@2x.png"), "Add icon@2x.png, 76 pixels wide and high."),
    (remove("icon@3x.png"), "Add icon@3x.png, 114 pixels wide and high."),
    (add("Thumbnail.png", b""), "Rename Thumbnail.png to thumbnail.png"),
    (add("thumbnail-2x.jpg", b""), "Rename thumbnail-2x.jpg to thumbnail@2x.png"),
    (add("logo.png", png(200, 60)), "Make logo.png at most 160 x 50 pixels; it is 200 x 60."),
]
LARGEST = {
    "icon": (38, 38),
    "logo": (160, 50),
    "strip": (375, 144),
    "thumbnail": (90, 90),
    "background": (345, 505),
    "primaryLogo": (126, 30),
    "secondaryLogo": (135, 12),
    "artwork": (358, 448),
    "footer": (286, 15),
    "personalizationLogo": (150, 40),
}


@pytest.mark.parametrize(("change", "fix"), FIXES, ids=[fix for _, fix in FIXES])
def test_the_fix_is_exact(signer: Signer, change: Change, fix: str) -> None:
    draft = a_draft(signer)
    change(draft)

    assert any(fix in finding.fix for finding in draft.findings())


def sizes_told(name: str, width: int, height: int) -> bool:
    found = lint_unsigned({name: png(width, height)}, utc_now())
    return any(each.code == "image-size" for each in found)


@pytest.mark.parametrize("base", LARGEST)
def test_an_image_may_be_as_large_as_it_is_drawn_and_no_larger(base: str) -> None:
    width, height = LARGEST[base]

    assert not sizes_told(f"{base}.png", width, height)
    assert not sizes_told(f"{base}@3x.png", width * 3, height * 3)
    assert sizes_told(f"{base}.png", width + 1, height)
    assert sizes_told(f"{base}.png", width, height + 1)
    assert sizes_told(f"{base}@2x.png", width * 2 + 1, height * 2)
