"""Fetches the images a pass names, once by URL, as Google does before it accepts them.

Source: docs/sources.md, g-4. Http is accepted on this machine alone, with a warning in the log.
"""

import logging
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

from service.emulators.google.checks import Json
from service.emulators.google.errors import invalid
from service.emulators.google.fetch import Fetcher, FetchFailed
from service.emulators.google.rules import parts_of

LARGEST_IMAGE_BYTES = 5_000_000
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
OK = 200

log = logging.getLogger(__name__)


class Images:
    """Remembers which URLs gave an image."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._lock = threading.Lock()
        self._known: set[str] = set()

    def unknown(self, urls: Iterable[str]) -> list[str]:
        """Return those of `urls` not fetched yet, in order."""
        with self._lock:
            return sorted(set(urls) - self._known)

    def fetch(self, urls: Iterable[str]) -> None:
        """Fetch and remember images; may take seconds, so hold no lock.

        Raises:
            GoogleRefused: 400, one is unreachable or no PNG or JPEG.
        """
        for url in urls:
            if urlsplit(url).scheme == "http":
                log.warning("an image over http; the real Google takes https only: %s", url)
            self._fetch_one(url)
            with self._lock:
                self._known.add(url)

    def _fetch_one(self, url: str) -> None:
        try:
            fetched = self._fetcher.get(url, most_bytes=LARGEST_IMAGE_BYTES)
        except FetchFailed as failure:
            raise invalid(f"Image cannot be loaded from {url}: {failure}.") from failure
        if fetched.status != OK:
            raise invalid(f"Image cannot be loaded from {url}: status {fetched.status}.")
        if not fetched.body.startswith(MAGIC):
            raise invalid(f"Image cannot be loaded from {url}: it is no PNG or JPEG.")


def image_urls(content: Json, schema: str) -> set[str]:
    """Return every URL from which an image of the content comes, however deep."""
    found: set[str] = set()
    for _, child_schema, child in parts_of(content, schema):
        if child_schema == "ImageUri":
            found.add(str(child.get("uri")))
        found |= image_urls(child, child_schema)
    return found
