"""Where log lines go, and what they never hold: the secrets that addresses carry."""

import logging
import re

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# A link's token, a phone's library id, a save link's JWT: whoever has one has the card.
SECRETS = re.compile(r"(/add/(?:all/)?|/devices/|/gp/v/save/)[^/\s'\"?]+")


class Redacted(logging.Formatter):
    """Leaves secrets in paths out of a line and its traceback, whoever wrote it."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRETS.sub(r"\1...", super().format(record))


def configure() -> None:
    """Log to standard error from INFO on; a repeat changes nothing."""
    handler = logging.StreamHandler()
    handler.setFormatter(Redacted(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("waitress").setLevel(logging.WARNING)  # INFO names the path of a lost client
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line per waiting request
