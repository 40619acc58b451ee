"""One HTTP/2 connection of a push client. Runs in the emulator's event loop thread only."""

import asyncio
import contextlib
import socket
import struct
import uuid
from collections import deque
from http import HTTPStatus
from typing import cast

from cryptography import x509
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from service.emulators.apns_desk import Desk
from service.emulators.apns_rules import Answer, PushRequest

MOST_STREAMS = 1000
STREAMS_BEFORE_PROOF = 1  # of a client that says by a token who it is (docs/sources.md, a-50)
# After a GOAWAY the client gets this long to read it before the socket closes.
LINGER_S = 0.3
GOAWAY_REASON = b'{"reason":"Shutdown"}'
# The checks left out cost a third of the emulator's speed and concern proxies, not push clients.
CONFIG = H2Configuration(
    client_side=False,
    header_encoding="utf-8",
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)


class ApnsConnection(asyncio.Protocol):
    """Speaks HTTP/2 with one client; what arrives in one read is answered in one write."""

    def __init__(self, desk: Desk) -> None:
        self.missed_something = False
        self._desk = desk
        self._h2 = H2Connection(CONFIG)
        self._topic: str | None = None
        self._is_proven = True
        self._written = self._answered = 0
        self._requests: dict[int, PushRequest] = {}
        self._delayed: set[int] = set()
        self._unsent_bodies: deque[tuple[int, bytes]] = deque()
        self._last_stream: int | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        tls = transport.get_extra_info("ssl_object")
        if tls.selected_alpn_protocol() != "h2":
            self._transport.abort()
            return
        certificate = tls.getpeercert(binary_form=True)
        if certificate is None and self._desk.tokens.key is None:
            self._transport.abort()
            return
        self._topic = _certificate_topic(certificate) if certificate else None
        self._is_proven = certificate is not None
        self._desk.opened += 1
        self._desk.connections.add(self)
        _announce(self._h2, MOST_STREAMS if self._is_proven else STREAMS_BEFORE_PROOF)
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._desk.connections.discard(self)
        self._closing = True

    def data_received(self, data: bytes) -> None:
        if self._closing or self._swallows():
            return
        try:
            for event in self._h2.receive_data(data):
                self._on(event)
        except (H2Error, UnicodeDecodeError):
            # h2 has queued the GOAWAY that says what the client did wrong.
            self._closing = True
        self._flush()
        if self._closing:
            self._transport.close()

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def go_away(self) -> None:
        """Finish the streams in flight, refuse newer ones, then close.

        Written by hand: h2 could not send anything more after its own GOAWAY.
        """
        if self._last_stream is not None:
            return
        self._last_stream = self._h2.highest_inbound_stream_id
        frame = GoAwayFrame(0, self._last_stream, 0, additional_data=GOAWAY_REASON)
        if not self._swallows():
            self._write(frame.serialize())
        self._close_when_drained()

    def cut(self) -> None:
        """Break the connection at once; the client sees a TCP reset."""
        self._closing = True
        self._requests.clear()
        linger = struct.pack("ii", 1, 0)
        raw = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError, AttributeError):  # closed meanwhile: then it is cut
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    def _on(self, event: Event) -> None:
        match event:
            case DataReceived():
                self._on_data(event)
            case RequestReceived():
                self._on_request(event)
            case StreamEnded():
                self._on_request_end(event.stream_id)
            case StreamReset():
                self._requests.pop(event.stream_id, None)
                self._delayed.discard(event.stream_id)
            case WindowUpdated():
                self._retry_bodies()
            case ConnectionTerminated():
                self._last_stream = self._h2.highest_inbound_stream_id
                self._close_when_drained()

    def _on_request(self, event: RequestReceived) -> None:
        if self._last_stream is not None and event.stream_id > self._last_stream:
            return
        headers = cast(list[tuple[str, str]], event.headers)
        self._requests[event.stream_id] = PushRequest(dict(headers))

    def _on_data(self, event: DataReceived) -> None:
        self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        request = self._requests.get(event.stream_id)
        if request is not None:
            request.receive(event.data)

    def _on_request_end(self, stream_id: int) -> None:
        request = self._requests.pop(stream_id, None)
        if request is None:
            return
        faults = self._desk.faults
        if faults.close_after is not None and self._answered >= faults.close_after:
            self.cut()
            return
        apns_id = request.headers.get("apns-id") or str(uuid.uuid4()).upper()
        answer = self._desk.decide(request, self._topic, apns_id)
        if answer is None:
            self._delayed.add(stream_id)
        elif faults.delay_s:
            self._delayed.add(stream_id)
            loop = asyncio.get_running_loop()
            loop.call_later(faults.delay_s, self._answer_late, stream_id, answer, apns_id)
        else:
            self._answer(stream_id, answer, apns_id)

    def _answer_late(self, stream_id: int, answer: Answer, apns_id: str) -> None:
        if stream_id not in self._delayed or self._closing:
            return
        self._delayed.discard(stream_id)
        self._answer(stream_id, answer, apns_id)
        self._flush()

    def _answer(self, stream_id: int, answer: Answer, apns_id: str) -> None:
        body = answer.body()
        headers = [(":status", str(int(answer.status))), ("apns-id", apns_id)]
        if body:
            headers.append(("content-type", "application/json; charset=utf-8"))
        if self._desk.faults.wrong_length:
            headers.append(("content-length", str(len(body) + 7)))
        # The client may have closed the stream, or said goodbye, in the meantime.
        with contextlib.suppress(H2Error):
            self._h2.send_headers(stream_id, headers, end_stream=not body)
            if body:
                self._send_body(stream_id, body)
        self._answered += 1
        self._after_answer(answer)

    def _after_answer(self, answer: Answer) -> None:
        if not self._is_proven and answer.status == HTTPStatus.OK:
            self._is_proven = True
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS})
        if self._answered == self._desk.faults.goaway_after:
            self._flush()
            self.go_away()
        elif self._last_stream is not None:
            self._close_when_drained()

    def _send_body(self, stream_id: int, body: bytes) -> None:
        with contextlib.suppress(H2Error):
            if self._h2.local_flow_control_window(stream_id) < len(body):
                self._unsent_bodies.append((stream_id, body))
            else:
                self._h2.send_data(stream_id, body, end_stream=True)

    def _retry_bodies(self) -> None:
        waiting, self._unsent_bodies = self._unsent_bodies, deque()
        for stream_id, body in waiting:
            self._send_body(stream_id, body)

    def _close_when_drained(self) -> None:
        if not (self._requests or self._delayed or self._unsent_bodies):
            asyncio.get_running_loop().call_later(LINGER_S, self._transport.close)

    def _swallows(self) -> bool:
        self.missed_something = self.missed_something or self._desk.black_hole
        return self.missed_something

    def _flush(self) -> None:
        outgoing = self._h2.data_to_send()
        if outgoing and not self._swallows():
            self._write(outgoing)

    def _write(self, data: bytes) -> None:
        limit = self._desk.faults.cut_after_bytes
        end = len(data) if limit is None else max(0, limit - self._written)
        self._written += len(data)
        step = 1 if self._desk.faults.slice else len(data)
        for start in range(0, min(end, len(data)), step):
            self._transport.write(data[start : min(start + step, end)])
        if end < len(data):
            self.cut()


def _announce(connection: H2Connection, most_streams: int) -> None:
    # Set before the first frame, so that a client never sees another limit.
    initial = {SettingCodes.MAX_CONCURRENT_STREAMS: most_streams, SettingCodes.ENABLE_PUSH: 0}
    connection.local_settings = Settings(client=False, initial_values=initial)


def _certificate_topic(certificate_der: bytes) -> str:
    subject = x509.load_der_x509_certificate(certificate_der).subject
    named = subject.get_attributes_for_oid(NameOID.USER_ID)
    return str(named[0].value) if named else ""
