"""The OpenAPI document as people read it: groups of operations, nested fields, calls to copy."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
PLACES = ("path", "query", "header")
JSON = "application/json"


@dataclass(frozen=True)
class Field:
    """A parameter or field; `parts` are the fields inside it."""

    name: str
    type: str
    is_required: bool
    text: str
    limits: list[str]
    parts: list["Field"] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    status: str
    code: str
    meaning: str


@dataclass(frozen=True)
class Reply:
    """What is answered when all is well."""

    status: str
    text: str
    fields: list[Field]


@dataclass(frozen=True)
class Section:
    """One operation, with a call to copy and what it is answered."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: dict[str, list[Field]]
    body: list[Field]
    replies: list[Reply]
    problems: list[Problem]
    call: str
    answer: str


@dataclass(frozen=True)
class Group:
    """The operations of one part of the API."""

    name: str
    text: str
    sections: list[Section]

    @property
    def id(self) -> str:
        return self.name.lower()


def groups(document: Json, site: str) -> list[Group]:
    """Return the document's operations by tag; `site` is where the examples call."""
    found: dict[str, list[Section]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = _section(document, site, path, method.upper(), operation)
            found.setdefault(operation["tags"][0], []).append(section)
    texts = {tag["name"]: tag["description"] for tag in document["tags"]}
    return [Group(name, texts.get(name, ""), listed) for name, listed in found.items() if listed]


def problems(parts: list[Group]) -> list[Problem]:
    """Return every problem that any operation answers, each once, by status."""
    every = {p for group in parts for section in group.sections for p in section.problems}
    return sorted(every, key=lambda problem: (problem.status, problem.code))


def _section(document: Json, site: str, path: str, method: str, operation: Json) -> Section:
    replies = {s: r for s, r in operation["responses"].items() if s.startswith("2")}
    body = operation.get("requestBody")
    example = next(iter(_contents(reply)["example"] for reply in replies.values()), None)
    return Section(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        text=operation["description"],
        parameters={place: _parameters(operation, place) for place in PLACES},
        body=fields(document, _contents(body)["schema"]) if body else [],
        replies=[_reply(document, status, reply) for status, reply in replies.items()],
        problems=list(_problems(operation)),
        call=_call(site, path, method, operation),
        answer=json.dumps(example, indent=2),
    )


def _contents(part: Json) -> Json:
    found: Json = part["content"].get(JSON, {"schema": {}})
    return {"example": None, **found}


def _reply(document: Json, status: str, reply: Json) -> Reply:
    return Reply(status, reply["description"], fields(document, _contents(reply)["schema"]))


def _problems(operation: Json) -> Iterator[Problem]:
    for status, reply in operation["responses"].items():
        for code, meaning in reply.get("x-codes", {}).items():
            yield Problem(status, code, meaning)


def _parameters(operation: Json, place: str) -> list[Field]:
    return [
        Field(
            name=each["name"],
            type=type_of({}, each["schema"]),
            is_required=each.get("required", False),
            text=each.get("description", ""),
            limits=limits(each["schema"]),
        )
        for each in operation["parameters"]
        if each["in"] == place
    ]


def fields(document: Json, schema: Json) -> list[Field]:
    """Return what is inside an object, or inside the objects of a list or choice."""
    schema = _resolved(document, schema)
    inside = schema.get("items") or next(iter(_open_ended(schema)), None)
    if "properties" in schema:
        required = schema.get("required", [])
        return [_field(document, n, s, n in required) for n, s in schema["properties"].items()]
    if "anyOf" in schema:
        return [part for option in schema["anyOf"] for part in fields(document, option)]
    if inside is None:
        return []
    if "items" in schema:
        return fields(document, inside)
    return [_field(document, "(any code)", inside, is_required=True)]


def _open_ended(schema: Json) -> list[Json]:
    """Return the schema of fields whose names the caller or the program chooses."""
    chosen = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    return [each for each in chosen if isinstance(each, dict)]


def _field(document: Json, name: str, schema: Json, is_required: bool) -> Field:
    return Field(
        name=name,
        type=type_of(document, schema),
        is_required=is_required,
        text=schema.get("description", ""),
        limits=limits(schema),
        parts=fields(document, schema),
    )


def _resolved(document: Json, schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    found: Json = document["components"]["schemas"][name]
    return found


def type_of(document: Json, schema: Json) -> str:
    """Return the type in words, such as `string or null` or `list of object`."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        options = [type_of(document, option) for option in schema["anyOf"]]
        return " or ".join(dict.fromkeys(options))
    if schema.get("type") == "array":
        return f"list of {type_of(document, schema['items'])}"
    return str(schema.get("format") or schema.get("type", "string"))


def limits(schema: Json) -> list[str]:
    """Return in words what a value must keep to, and what stands if it is left out."""
    options = [option for option in schema.get("anyOf", [schema]) if "$ref" not in option]
    said = [words for option in options for words in _limits(option)]
    default = schema.get("default")
    if isinstance(default, str | int):
        said.append(f"default `{json.dumps(default)}`")
    return said


def _limits(schema: Json) -> Iterator[str]:
    if "maxLength" in schema:
        yield f"{_span(schema.get('minLength', 0), schema['maxLength'])} characters"
    if "minimum" in schema and "maximum" in schema:
        yield _span(schema["minimum"], schema["maximum"])
    if "maxItems" in schema or "maxProperties" in schema:
        yield f"at most {schema.get('maxItems') or schema['maxProperties']}"
    if "enum" in schema:
        yield "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "pattern" in schema:
        yield f"matches `{schema['pattern']}`"


def _span(low: int, high: int) -> str:
    if low == 0:
        return f"at most {high:,}"
    return f"within ±{high:,}" if low == -high else f"{low:,} to {high:,}"


def _call(site: str, path: str, method: str, operation: Json) -> str:
    """Return the operation's example as a call of curl."""
    for each in operation["parameters"]:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", quote(str(each.get("example", "")), safe=""))
    query = operation.get("x-example-query")
    words = ["curl" if method == "GET" else f"curl -X {method}"]
    words[0] += " " + shlex.quote(f"{site}{path}" + (f"?{query}" if query else ""))
    if operation.get("security") != []:
        words.append('-H "Authorization: Bearer $TESSERA_KEY"')
    words += _example_headers(operation)
    if "requestBody" in operation:
        words += _example_body(operation)
    return " \\\n  ".join(words)


def _example_body(operation: Json) -> list[str]:
    (media_type,) = operation["requestBody"]["content"]
    kind = "-H " + shlex.quote(f"Content-Type: {media_type}")
    if media_type != JSON:
        return [kind, f"--data-binary @{operation['x-example-file']}"]
    example = json.dumps(_contents(operation["requestBody"])["example"], indent=2)
    return [kind, f"-d {shlex.quote(example)}"]


def _example_headers(operation: Json) -> list[str]:
    needed = [p for p in operation["parameters"] if p["in"] == "header" and p.get("required")]
    return ["-H " + shlex.quote(f"{each['name']}: {each.get('example', '')}") for each in needed]
