"""Publish the log: tiles and bundles first, then a checkpoint that needs them, then its file.

In this order a process that is killed leaves files that the next one writes again, byte for byte:
they follow from the rows of numbered events. A checkpoint's row stands before its note is shown to
anybody, and each is signed on a tree that was resumed from the one before it, so no two are of
different histories (0066).
"""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from compliance.errors import LedgerInvalid
from compliance.ledger import (
    Checkpoint as SignedCheckpoint,
)
from compliance.ledger import (
    GrowingTree,
    TileName,
    TileStore,
    encode_bundle,
    leaf_hash,
    parse_note,
    verify_checkpoint,
)
from compliance.ledger.store import CHECKPOINT
from compliance.ledger.tiles import WIDTH
from rakkan.audit.log import log_signer, log_store, log_trust
from rakkan.audit.models import Checkpoint
from rakkan.audit.services.sequence import LogUnsound, events_number, leaves_count, only_sequencer

_CHUNK = 16 * WIDTH  # events read at once

ENTRIES = """
SELECT l.sequence, l.leaf_hash, e.canonical FROM audit_leaf l
LEFT JOIN LATERAL (
    SELECT canonical FROM audit_event
    WHERE id = l.event_id AND occurred_at = l.occurred_at OFFSET 0
) e ON true
WHERE l.sequence >= %s AND l.sequence < %s ORDER BY l.sequence
"""

_NEWEST = """
SELECT c.size, c.note || COALESCE((
    SELECT string_agg(s.line, '' ORDER BY s.witness) FROM audit_cosignature s
    WHERE s.checkpoint_id = c.size
), '')
FROM audit_checkpoint c ORDER BY c.size DESC LIMIT 1
"""


def log_advance() -> int:
    """Number what waits, and publish a checkpoint if one is due; return how many were numbered.

    Raises:
        LogUnsound: something does not fit; nothing was signed, and the log stands still.
    """
    with only_sequencer() as alone:
        if not alone:
            return 0
        numbered = events_number()
        checkpoint_publish()
        return numbered


def checkpoint_publish(*, due: bool = False) -> Checkpoint | None:
    """Sign what was numbered since the last checkpoint, and make sure that the newest is on show.

    The caller is the only sequencer.

    Args:
        due: do not wait until RAKKAN_CHECKPOINT_SECONDS after the last one.

    Raises:
        LogUnsound: the stored log, its rows and its key do not fit together.
    """
    store, newest = log_store(), newest_checkpoint()
    _check_continues(store, newest)
    pause = timedelta(seconds=0 if due else settings.RAKKAN_CHECKPOINT_SECONDS)
    size = leaves_count()
    fresh = None
    if size > (newest.size if newest else 0) and (
        newest is None or timezone.now() - newest.signed_at >= pause
    ):
        tree, full = _tiles_write(store, newest, size)
        fresh = newest = _sign(tree)
        _show(store, newest)
        for name in full:
            store.drop_partials(name)
    elif newest is not None:
        _show(store, newest)
    return fresh


def newest_checkpoint() -> Checkpoint | None:
    """Return the last checkpoint that was signed."""
    return Checkpoint.objects.order_by("-size").first()


def checkpoint_note(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as it is published: the note, and the cosignatures there are by now."""
    lines = checkpoint.cosignatures.order_by("witness").values_list("line", flat=True)
    return (checkpoint.note + "".join(lines)).encode()


def newest_note() -> tuple[int, bytes] | None:
    """Return size and note of the newest checkpoint as it is published; one query (a proof's)."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        found = cursor.fetchone()
    return None if found is None else (found[0], found[1].encode())


def log_file(path: str) -> bytes | None:
    """Return a published file of the log by its C2SP address, without asking the database.

    Raises:
        LedgerInvalid: it is not the address of one.
    """
    return log_store().read(path)


def _check_continues(store: TileStore, newest: Checkpoint | None) -> None:
    """Make sure that keys, rows and the published file are of one log, before it grows."""
    if log_signer().key not in log_trust().logs:
        raise LogUnsound(
            "The key that signs checkpoints is not the log's key in the trust folder.",
            remedy="Restore checkpoint.pem; another key is another log.",
        )
    try:
        if newest is not None:
            signed = verify_checkpoint(newest.note.encode(), log_trust()).checkpoint
            if (signed.size, signed.root) != (newest.size, bytes(newest.root_hash)):
                raise LogUnsound(f"The checkpoint of {newest.size} events says something else.")
        shown = _shown(store)
    except LedgerInvalid as error:
        raise LogUnsound(
            f"The last checkpoint is not of this log: {error}",
            remedy="Set RAKKAN_LOG_ORIGIN and the checkpoint key to those that signed it.",
        ) from error
    if shown is not None and shown.size > (newest.size if newest else 0):
        raise LogUnsound(
            f"A checkpoint of {shown.size} events was published, and the database knows none of "
            f"more than {newest.size if newest else 0}: it was rolled back.",
            remedy="Restore the newer database; a log that goes on from here would be a fork.",
        )


def _shown(store: TileStore) -> SignedCheckpoint | None:
    note = store.read(CHECKPOINT)
    return None if note is None else SignedCheckpoint.parse(parse_note(note).text)


def _show(store: TileStore, newest: Checkpoint) -> None:
    note = checkpoint_note(newest)
    if store.read(CHECKPOINT) != note:
        store.write_checkpoint(note)


def _tiles_write(
    store: TileStore, newest: Checkpoint | None, size: int
) -> tuple[GrowingTree, list[TileName]]:
    """Write what a tree of ``size`` needs beyond the last signed one; return it and its new tiles.

    A partial bundle or tile that became full is listed, for its partial forms are of no more use.
    """
    tree, full = _resumed(store, newest), []
    bundle: list[bytes] = []
    old = tree.size
    for first, hashes, entries in _chunks(old - old % WIDTH, size):
        for tile in tree.extend(hashes[max(old - first, 0) :]):
            store.write_tile(tile.name, tile.hashes)
            full.append(tile.name)
        for at in range(0, len(entries), WIDTH):
            bundle = entries[at : at + WIDTH]
            name = TileName(None, (first + at) // WIDTH, len(bundle))
            store.write_tile(name, encode_bundle(bundle))
            if name.width == WIDTH:
                full.append(name)
    for tile in tree.edge():
        store.write_tile(tile.name, tile.hashes)
    return tree, full


def _resumed(store: TileStore, newest: Checkpoint | None) -> GrowingTree:
    if newest is None:
        return GrowingTree()
    try:
        return GrowingTree.resume(store.read, newest.size, bytes(newest.root_hash))
    except LedgerInvalid as error:
        raise LogUnsound(
            f"The stored tiles are not those of the last checkpoint: {error}",
            remedy="Restore the log's files; `python -m compliance log` says what is wrong.",
        ) from error


def _chunks(first: int, size: int) -> Iterator[tuple[int, list[bytes], list[bytes]]]:
    """Yield number of the first, leaf hashes and entries of numbered events, in order."""
    while first < size:
        end = min(first + _CHUNK, size)
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, [first, end])
            rows = cursor.fetchall()
        entries, hashes = [], []
        for number, (sequence, stored, canonical) in enumerate(rows, start=first):
            entry = (canonical or "").encode()
            if sequence != number or leaf_hash(entry) != bytes(stored):
                raise LogUnsound(
                    f"Event {number} is not the one that was given this number.",
                    remedy="It was changed or deleted in the database: restore it from a backup.",
                )
            entries.append(entry)
            hashes.append(bytes(stored))
        if len(rows) != end - first:
            raise LogUnsound(f"Numbers are missing between {first} and {end}.")
        yield first, hashes, entries
        first = end


@transaction.atomic
def _sign(tree: GrowingTree) -> Checkpoint:
    signer = log_signer()
    note = SignedCheckpoint(signer.name, tree.size, tree.root).sign([signer])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
    return Checkpoint.objects.create(
        size=tree.size, root_hash=tree.root, note=note.decode(), signed_at=timezone.now()
    )
