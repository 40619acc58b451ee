"""django-walletpass: its PassBuilder with files in memory; no database is asked."""

import copy

import django
from django.conf import settings

from bench.peers.turns import Design, take_turns

design = Design.given()
said = design.content
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django_walletpass"],
    SECRET_KEY="only for this measurement",
    WALLETPASS={
        "CERT_PATH": design.certificate,
        "KEY_PATH": design.key,
        "APPLE_WWDRCA_PEM_PATH": design.wwdr,
        "PASS_TYPE_ID": said["passTypeIdentifier"],
        "TEAM_ID": said["teamIdentifier"],
        "SERVICE_URL": said["webServiceURL"],
    },
)
django.setup()


def build() -> bytes:
    from django_walletpass.services import PassBuilder  # noqa: PLC0415 - Django is set up first

    builder = PassBuilder()
    builder.pass_data = copy.copy(said)
    for name, content in design.files.items():
        builder.add_file(name, content)
    packed: bytes = builder.build()
    return packed


take_turns(build)
