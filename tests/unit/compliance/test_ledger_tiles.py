"""Tiles: addresses, what a tile must be before it is believed, and how a folder keeps them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import LedgerInvalid
from compliance.ledger import (
    FolderStore,
    GrowingTree,
    TileName,
    VerifiedTiles,
    decode_bundle,
    encode_bundle,
    inclusion_proof,
    leaf_hash,
)
from compliance.ledger.store import MAX_FILE
from compliance.ledger.tiles import MAX_ENTRY, edge_names
from tests.unit.compliance.logs import grown, numbered


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 1_234_067), "tile/0/x001/x234/067"),  # the example of the specification
        (TileName(1, 1_000, 17), "tile/1/x001/000.p/17"),
        (TileName(None, 273, 112), "tile/entries/273.p/112"),
        (TileName(63, 999_999), "tile/63/x999/999"),
    ],
)
def test_addresses_are_those_of_the_specification(name: TileName, path: str) -> None:
    assert name.path == path
    assert TileName.parse(path) == name


@settings(deadline=None)
@given(
    st.builds(
        TileName,
        st.none() | st.integers(0, 63),
        st.integers(0, (1 << 63) - 1),
        st.integers(1, 256),
    )
)
def test_an_address_is_read_as_it_was_written(name: TileName) -> None:
    assert TileName.parse(name.path) == name


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000",
        "tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/999", "tile/0/000.p/01",
        "tile/0/000.p/", "tile/-1/000", "tile/0/-01",
        "tile/0/../../etc/passwd", "/tile/0/000", "tile/0/000\n", "tile/0/00\u0661", "tile/0//000",
        "tile/entries/../checkpoint", "tile/data/000", "TILE/0/000",
        "tile/0/" + "x001/" * 7 + "000", "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x001/" * 100_000 + "000",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerInvalid, match="not the address"):
        TileName.parse(path)
    with pytest.raises(LedgerInvalid, match="not the address"):
        FolderStore(tmp_path).read(path)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    names = [TileName.parse(path) for path in grown(numbered(70_000), batch=70_000).files]
    full = [name for name in names if name.width == 256]
    assert sum(name.level == 0 for name in full) == 273
    assert sum(name.level == 1 for name in full) == 1
    edge = [TileName(0, 273, 112), TileName(1, 1, 17), TileName(2, 0, 1)]
    assert sorted(set(names) - set(full), key=lambda name: name.level or 0) == edge
    assert edge_names(70_000) == edge


def test_a_tree_of_256_is_one_full_tile_and_one_hash_above_it() -> None:
    assert set(grown(numbered(256)).files) == {"tile/0/000", "tile/1/000.p/1"}


def test_a_partial_tile_may_be_gone_once_the_full_one_is_there() -> None:
    log = grown(numbered(300), batch=100)
    root = log.tree.root
    log.append(numbered(700, start=300))
    for path in [path for path in log.files if ".p/" in path and path.startswith("tile/0/001")]:
        del log.files[path]
    tiles = VerifiedTiles(log.read, 300, root)
    assert inclusion_proof(tiles, 299) == inclusion_proof(grown(numbered(300)).tiles(), 299)


def test_a_missing_cut_or_changed_tile_is_named() -> None:
    log = grown(numbered(70_000), batch=70_000)
    whole, size, root = dict(log.files), log.tree.size, log.tree.root
    for path in ("tile/0/007", "tile/1/000"):
        hashes = whole[path]
        for changed in (None, hashes[:-32], hashes + hashes[:32], hashes[::-1], hashes[:-1] + b"?"):
            files = {name: content for name, content in whole.items() if name != path}
            if changed is not None:
                files[path] = changed
            with pytest.raises(LedgerInvalid, match=path):
                inclusion_proof(VerifiedTiles(files.get, size, root), 7 * 256)
    for path in ("tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"):
        with pytest.raises(LedgerInvalid, match=path):
            VerifiedTiles((whole | {path: b""}).get, size, root)
        with pytest.raises(LedgerInvalid, match="do not make its root"):
            VerifiedTiles((whole | {path: whole[path][::-1]}).get, size, root)


def test_hostile_sizes_are_refused_before_anything_is_read() -> None:
    for size in (-1, 1 << 63, 1 << 4000):
        with pytest.raises(LedgerInvalid, match="tree of"):
            VerifiedTiles({}.get, size, bytes(32))


def test_bundles_carry_entries_of_any_length_they_can_say() -> None:
    entries = [b"", b"x", bytes(MAX_ENTRY), b"\x00\x01"]
    assert decode_bundle(encode_bundle(entries), 4) == entries
    with pytest.raises(LedgerInvalid, match="does not fit"):
        encode_bundle([bytes(MAX_ENTRY + 1)])


@pytest.mark.parametrize("bundle", [b"\x00", b"\x00\x02x", b"\x00\x01xx", b"\x00\x01x\x00\x00\x05"])
def test_bundles_that_end_early_or_late_are_refused(bundle: bytes) -> None:
    with pytest.raises(LedgerInvalid):
        decode_bundle(bundle, 1)
    with pytest.raises(LedgerInvalid, match="not 2"):
        decode_bundle(b"\x00\x01x", 2)


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 5))
def test_any_bytes_are_a_bundle_or_an_error(bundle: bytes, width: int) -> None:
    try:
        entries = decode_bundle(bundle, width)
    except LedgerInvalid:
        return
    assert encode_bundle(entries) == bundle


def test_a_folder_gives_back_what_it_was_given(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "log")
    assert store.read("checkpoint") is None
    assert store.read("tile/0/000") is None
    name = TileName(0, 1_234_067, 5)
    store.write_tile(name, b"hashes")
    store.write_tile(name, b"hashes")
    store.write_checkpoint(b"one")
    store.write_checkpoint(b"two")
    assert store.read(name.path) == (tmp_path / "log/tile/0/x001/x234/067.p/5").read_bytes()
    assert store.read("checkpoint") == b"two"
    assert [path.name for path in (tmp_path / "log").rglob(".*")] == []


def test_a_stored_tile_is_never_replaced(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in (TileName(0, 0), TileName(0, 1, 7), TileName(None, 0)):
        store.write_tile(name, b"first")
        with pytest.raises(LedgerInvalid, match="holds something else"):
            store.write_tile(name, b"second")
        assert store.read(name.path) == b"first"
    assert list(tmp_path.rglob(".*")) == []


def test_a_file_larger_than_a_log_has_is_not_read_into_memory(tmp_path: Path) -> None:
    (tmp_path / "tile/0").mkdir(parents=True)
    with (tmp_path / "tile/0/000").open("wb") as stream:
        stream.truncate(MAX_FILE * 1000)
    with pytest.raises(LedgerInvalid, match="larger"):
        FolderStore(tmp_path).read("tile/0/000")


def test_a_folder_where_a_tile_should_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tile/0/000").mkdir(parents=True)
    with pytest.raises(LedgerInvalid, match="cannot be read"):
        FolderStore(tmp_path).read("tile/0/000")


_APPENDER = """
import sys
from pathlib import Path
from compliance.ledger import FolderStore, GrowingTree, leaf_hash
store, tree = FolderStore(Path(sys.argv[1])), GrowingTree()
for number in range(100_000):
    for tile in tree.extend([leaf_hash(b"%d" % (7 * number + n)) for n in range(7)]) + tree.edge():
        store.write_tile(tile.name, tile.hashes)
    store.write_checkpoint(b"%d %s" % (tree.size, tree.root.hex().encode()))
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_a_tree_that_can_be_gone_on_with(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for lines in (1, 5, 38, 60):  # at some batch before, at and after the first full tile
        command = [sys.executable, "-c", _APPENDER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(lines):
                writer.stdout.readline()
            os.kill(writer.pid, signal.SIGKILL)
        size, root = (store.read("checkpoint") or b"").decode().split()
        tree = GrowingTree.resume(store.read, int(size), bytes.fromhex(root))
        assert tree.size >= 7 * lines
        expected = GrowingTree()
        expected.extend([leaf_hash(b"%d" % number) for number in range(tree.size)])
        assert tree.root == expected.root
