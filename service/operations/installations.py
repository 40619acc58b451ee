"""Apple devices register passes, ask what changed, and unregister."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.deliveries import Delivery
from service.domain.installations import Registration, Told, changes_since, may_be_stale
from service.domain.passes import Pass
from service.operations.passes import PassRequest, authorized
from service.storage import accounts, deliveries, installations, passes
from service.storage.database import Transaction
from service.storage.installations import Device


def register(context: Context, registration: Registration, token: str) -> bool:
    """Note that a device has the pass and wants its changes; True if that is new.

    A repeat stores the push token it brings. If the copy on the device may be older than the
    pass is now, a push is owed at once (docs/decisions/0006).

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
    """
    request = PassRequest(registration.type_id, registration.serial, token)
    with context.transaction() as transaction:
        shown = _locked(transaction, request)
        now = context.now()
        device = installations.ensure_device(
            transaction,
            uuid7(),
            shown.brand_id,
            shown.type_id,
            registration.device_library_id,
            registration.push_token,
            now,
        )
        is_new = _install(transaction, shown, device, now)
        if not is_new:
            deliveries.owe_if_untold(transaction, shown, device.id, now)
        return is_new


def _locked(transaction: Transaction, request: PassRequest) -> Pass:
    accounts.lock(transaction, authorized(transaction, request).account_id)
    return authorized(transaction, request)


def _install(transaction: Transaction, shown: Pass, device: Device, now: datetime) -> bool:
    stale = may_be_stale(shown.version, shown.first_offered_version)
    installation_id = uuid7()
    told_version = None if stale else shown.version
    if not installations.insert(transaction, installation_id, shown, device, told_version, now):
        return False
    due_at = now if stale else None
    deliveries.insert_target(
        transaction,
        uuid7(),
        shown,
        due_at,
        now,
        installation_id=installation_id,
        device_id=device.id,
    )
    _note_single(transaction, shown.id, now)
    return True


def _note_single(transaction: Transaction, pass_id: UUID, now: datetime) -> None:
    alone = installations.count(transaction, pass_id) == 1
    passes.set_single_since(transaction, pass_id, now if alone else None)


def unregister(context: Context, device_library_id: str, request: PassRequest) -> None:
    """Forget the pass on the device; a repeat changes nothing.

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
    """
    with context.transaction() as transaction:
        shown = _locked(transaction, request)
        device = installations.lock_device(transaction, request.type_id, device_library_id)
        if device is None:
            return
        installations.delete_one(transaction, shown.id, device.id)
        _note_single(transaction, shown.id, context.now())


def changed(context: Context, device_library_id: str, type_id: str, tag: str | None) -> Told | None:
    """Return what a device must hear that last heard `tag`, or None if there is no news.

    The device id is a secret between device and service, so no other proof is asked for.
    """
    with context.transaction() as transaction:
        device = installations.lock_device(transaction, type_id, device_library_id)
        if device is None:
            return None
        told = changes_since(installations.on_device(transaction, device.id), device.counter, tag)
        if not told.installations:
            return None
        installations.save_told(transaction, device, told, context.now())
        return told


def forget(context: Context, delivery: Delivery, gone_since: datetime | None) -> None:
    """Forget what is installed under the push token that was tried and that Apple calls gone.

    Kept are registrations under another token, and those made after `gone_since` (aware UTC).
    """
    key = (delivery.brand_id, delivery.type_id, delivery.push_token, gone_since)
    with context.transaction() as transaction:
        seen = installations.with_push_token(transaction, *key)
        for account_id in sorted({account_id for account_id, _, _ in seen}):
            accounts.lock(transaction, account_id)
        # Asked again under the locks: a phone may have registered anew while we waited.
        for _, pass_id, device_id in installations.with_push_token(transaction, *key):
            installations.delete_one(transaction, pass_id, device_id)
            _note_single(transaction, pass_id, context.now())
