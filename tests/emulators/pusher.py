"""A push client on pycurl over HTTP/2: another implementation than the emulator's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pycurl

from service.emulators.certificates import Authority, Issued

from .passes import PASS_TYPE_ID


@dataclass
class Reply:
    status: int
    body: str
    headers: dict[str, str]
    error: int

    @property
    def json(self) -> dict[str, object]:
        content = json.loads(self.body)
        assert isinstance(content, dict)
        return content


@dataclass
class Pusher:
    """Pushes with one client certificate; its connections live as long as it does."""

    push_url: str
    folder: Path
    authority: Authority
    issued: Issued | None
    multi: pycurl.CurlMulti = field(default_factory=pycurl.CurlMulti)

    def __post_init__(self) -> None:
        (self.folder / "root.pem").write_bytes(self.authority.root_pem)
        if self.issued is not None:
            (self.folder / "client.pem").write_bytes(
                self.issued.certificate_pem + self.issued.key_pem
            )
        self.multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self.multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)

    def push(
        self,
        token: str,
        *,
        topic: str | None = PASS_TYPE_ID,
        body: bytes = b"{}",
        path: str | None = None,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        all_headers = {**({"apns-topic": topic} if topic else {}), **(headers or {})}
        handle, buffers = self._handle(path or f"/3/device/{token}", method, body, all_headers)
        return self._perform([(handle, buffers)])[0]

    def push_all(self, tokens: Sequence[str]) -> list[Reply]:
        headers = {"apns-topic": PASS_TYPE_ID}
        made = [self._handle(f"/3/device/{token}", "POST", b"{}", headers) for token in tokens]
        return self._perform(made)

    def start(self, tokens: Sequence[str]) -> list[tuple[pycurl.Curl, "Buffers"]]:
        headers = {"apns-topic": PASS_TYPE_ID}
        made = [self._handle(f"/3/device/{token}", "POST", b"{}", headers) for token in tokens]
        for handle, _ in made:
            self.multi.add_handle(handle)
        return made

    def turn(self) -> int:
        _, active = self.multi.perform()
        self.multi.select(0.02)
        return int(active)

    def finish(self, made: list[tuple[pycurl.Curl, "Buffers"]]) -> list[Reply]:
        while self.turn():
            pass
        errors = {}
        left = 1
        while left:
            left, _, failed = self.multi.info_read()
            errors.update({id(handle): number for handle, number, _ in failed})
        replies = []
        for handle, buffers in made:
            status = handle.getinfo(pycurl.RESPONSE_CODE)
            replies.append(buffers.reply(status, errors.get(id(handle), 0)))
            self.multi.remove_handle(handle)
            handle.close()
        return replies

    def _perform(self, made: list[tuple[pycurl.Curl, "Buffers"]]) -> list[Reply]:
        for handle, _ in made:
            self.multi.add_handle(handle)
        return self.finish(made)

    def _handle(
        self, path: str, method: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[pycurl.Curl, "Buffers"]:
        handle, buffers = pycurl.Curl(), Buffers()
        handle.setopt(pycurl.URL, self.push_url + path)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_0)
        handle.setopt(pycurl.PIPEWAIT, 1)
        handle.setopt(pycurl.CAINFO, str(self.folder / "root.pem"))
        if self.issued is not None:
            handle.setopt(pycurl.SSLCERT, str(self.folder / "client.pem"))
        handle.setopt(pycurl.POSTFIELDS, body)
        handle.setopt(pycurl.CUSTOMREQUEST, method)
        handle.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        handle.setopt(pycurl.WRITEDATA, buffers.body)
        handle.setopt(pycurl.HEADERFUNCTION, buffers.header_lines.append)
        handle.setopt(pycurl.TIMEOUT_MS, 20_000)
        return handle, buffers


@dataclass
class Buffers:
    body: BytesIO = field(default_factory=BytesIO)
    header_lines: list[bytes] = field(default_factory=list)

    def reply(self, status: int, error: int) -> Reply:
        lines = [line.decode().strip() for line in self.header_lines]
        pairs = [line.split(": ", 1) for line in lines if ": " in line]
        headers = {name.lower(): value for name, value in pairs}
        return Reply(status, self.body.getvalue().decode(), headers, error)
