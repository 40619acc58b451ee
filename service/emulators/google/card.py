"""A loyalty object as a person reads it on the phone: class and object laid over each other."""

from collections.abc import Mapping

from service.emulators.google.checks import Json
from service.emulators.google.notices import at_path, in_words


def card(content: Json, class_content: Json) -> dict[str, object]:
    """Return what the card shows, each text in its default language."""
    return {
        "issuer": _text(class_content, "issuerName", "localizedIssuerName"),
        "program": _text(class_content, "programName", "localizedProgramName"),
        "tier": _text(class_content, "rewardsTier", "localizedRewardsTier"),
        "points": _points(content.get("loyaltyPoints")),
        "secondary_points": _points(content.get("secondaryLoyaltyPoints")),
        "account_id": content.get("accountId"),
        "account_name": content.get("accountName"),
        "barcode": _barcode(content.get("barcode")),
        "state": content["state"],
        "texts": [_module(each) for each in _modules(content, class_content)],
        "links": [_link(each) for each in _links(content) + _links(class_content)],
        "background": class_content.get("hexBackgroundColor"),
        "logo": at_path(class_content, "programLogo.sourceUri.uri"),
        "hero": at_path(content, "heroImage.sourceUri.uri")
        or at_path(class_content, "heroImage.sourceUri.uri"),
    }


def _text(content: Mapping[str, object], plain: str, localized: str) -> object:
    """Return the localized text's default if there is one: Google prefers it to the plain one."""
    return at_path(content, f"{localized}.defaultValue.value") or content.get(plain)


def _points(points: object) -> dict[str, object] | None:
    if not isinstance(points, Mapping) or not points:
        return None
    label = _text(points, "label", "localizedLabel")
    return {"label": label, "value": in_words(points.get("balance"))}


def _barcode(barcode: object) -> dict[str, object] | None:
    if not isinstance(barcode, Mapping) or not barcode:
        return None
    return {
        "type": barcode["type"],
        "value": barcode["value"],
        "text": barcode.get("alternateText"),
    }


def _modules(content: Json, class_content: Json) -> list[Mapping[str, object]]:
    return _items(content, "textModulesData") + _items(class_content, "textModulesData")


def _module(module: Mapping[str, object]) -> dict[str, object]:
    return {
        "header": _text(module, "header", "localizedHeader"),
        "body": _text(module, "body", "localizedBody"),
    }


def _links(content: Json) -> list[Mapping[str, object]]:
    links = content.get("linksModuleData")
    return _items(links, "uris") if isinstance(links, Mapping) else []


def _link(link: Mapping[str, object]) -> dict[str, object]:
    return {"text": _text(link, "description", "localizedDescription"), "uri": link.get("uri")}


def _items(content: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    items = content.get(name)
    return [each for each in items if isinstance(each, Mapping)] if isinstance(items, list) else []
