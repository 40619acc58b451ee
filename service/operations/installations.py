"""Apple devices register passes, ask what changed, and unregister."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.deliveries import Delivery
from service.domain.installations import (
    MOST_DEVICES,
    Provider,
    Registration,
    Told,
    changes_since,
    may_be_stale,
)
from service.domain.passes import Pass
from service.operations.passes import PassRequest, authorized
from service.storage import accounts, deliveries, installations, passes
from service.storage.database import Transaction
from service.storage.installations import Device


def register(context: Context, registration: Registration, token: str) -> bool:
    """Note that a device has the pass and wants its changes; True if that is new.

    A repeat stores the push token it brings. If the copy on the device may be older than the
    pass is now, a push is owed at once (docs/decisions/0006); a device that nobody pushes is owed
    none. Of the devices that have a pass, the 50 that registered last, or again, are kept.

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
    """
    request = PassRequest(registration.type_id, registration.serial, token)
    with context.transaction() as transaction:
        others = installations.accounts_to_switch(transaction, registration)
        shown = _locked(transaction, request, others)
        now = context.now()
        device = installations.ensure_device(
            transaction, uuid7(), shown.brand_id, registration, now
        )
        if device.has_switched:
            _switch(transaction, device, now)
        is_new = _install(transaction, shown, device, now)
        if not is_new:
            deliveries.owe_if_untold(transaction, shown, device.id, now)
        return is_new


def _locked(
    transaction: Transaction, request: PassRequest, others: AbstractSet[UUID] = frozenset()
) -> Pass:
    for account_id in sorted({authorized(transaction, request).account_id, *others}):
        accounts.lock(transaction, account_id)
    return authorized(transaction, request)


def _switch(transaction: Transaction, device: Device, now: datetime) -> None:
    """Owe pushes, or none from now on, for whatever else is on the device."""
    if device.provider is Provider.NONE:
        installations.delete_targets(transaction, device.id)
        return
    for installation_id, pass_id in installations.without_target(transaction, device.id):
        shown = passes.get(transaction, pass_id)
        assert shown is not None
        _owe(transaction, shown, device, installation_id, now, due_at=now)


def _install(transaction: Transaction, shown: Pass, device: Device, now: datetime) -> bool:
    stale = may_be_stale(shown.version, shown.first_offered_version)
    installation_id = uuid7()
    told_version = None if stale else shown.version
    if not installations.insert(transaction, installation_id, shown, device, told_version, now):
        return False
    if device.provider is Provider.APNS:
        due_at = now if stale else None
        _owe(transaction, shown, device, installation_id, now, due_at=due_at)
    if installations.count(transaction, shown.id) > MOST_DEVICES:
        gone = installations.delete_oldest(transaction, shown.id, MOST_DEVICES)
        installations.delete_bare_devices(transaction, gone)
    _note_single(transaction, shown.id, now)
    return True


def _owe(
    transaction: Transaction,
    shown: Pass,
    device: Device,
    installation_id: UUID,
    now: datetime,
    *,
    due_at: datetime | None,
) -> None:
    deliveries.insert_target(
        transaction,
        uuid7(),
        shown,
        due_at,
        now,
        installation_id=installation_id,
        device_id=device.id,
    )


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
        installations.delete_bare_devices(transaction, [device.id])
        _note_single(transaction, shown.id, context.now())


def changed(context: Context, device_library_id: str, type_id: str, tag: str | None) -> Told | None:
    """Return what a device must hear that last heard `tag`, or None if there is no news.

    The device id is a secret between device and service, so no other proof is asked for. Nobody
    waits for a call without news: anybody can make one.
    """
    with context.reading() as transaction:
        known = installations.find_device(transaction, type_id, device_library_id)
        if known is None or _news(transaction, known, tag) is None:
            return None
    with context.transaction() as transaction:
        device = installations.lock_device(transaction, type_id, device_library_id)
        # Decided again under the lock: another call of the device may have been told meanwhile.
        told = None if device is None else _news(transaction, device, tag)
        if device is not None and told is not None:
            installations.save_told(transaction, device, told, context.now())
        return told


def _news(transaction: Transaction, device: Device, tag: str | None) -> Told | None:
    told = changes_since(installations.on_device(transaction, device.id), device.counter, tag)
    return told if told.installations else None


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
        left = installations.with_push_token(transaction, *key)
        for _, pass_id, device_id in left:
            installations.delete_one(transaction, pass_id, device_id)
            _note_single(transaction, pass_id, context.now())
        installations.delete_bare_devices(transaction, {device_id for _, _, device_id in left})
