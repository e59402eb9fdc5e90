"""The Merkle tree against published vectors and against a second implementation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.ledger import (
    EMPTY_ROOT,
    GrowingTree,
    VerifiedTiles,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.compliance import merkle
from tests.unit.compliance.logs import MemoryLog, grown, numbered

# Entries, roots and proofs published with the reference implementation of Certificate
# Transparency; today in transparency-dev/merkle, testonly/constants.go and proof/verify_test.go.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index, size): path
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # (old size, new size): path
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
UP_TO = 300  # tree sizes looked at one by one: past the width of a tile
OTHER = hashlib.sha256(b"other").digest()


@pytest.fixture(scope="module")
def small() -> list[MemoryLog]:
    """Logs of 0 to 300 entries."""
    return [grown(numbered(size)) for size in range(UP_TO + 1)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert grown(ENTRIES[:size]).tree.root.hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    path = inclusion_proof(grown(ENTRIES[:size]).tiles(), index)
    assert [step.hex() for step in path] == INCLUSION[index, size]
    leaf, root = leaf_hash(ENTRIES[index]), bytes.fromhex(ROOTS[size])
    assert verify_inclusion(leaf, index, size, path, root)


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int) -> None:
    path = consistency_proof(grown(ENTRIES[:new]).tiles(), old)
    assert [step.hex() for step in path] == CONSISTENCY[old, new]
    roots = [bytes.fromhex(root) for root in ROOTS]
    assert verify_consistency(old, roots[old], new, roots[new], path)


def test_an_inner_node_is_not_a_leaf() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert node_hash(left, right) != leaf_hash(left + right)


def test_every_root_up_to_300_is_the_second_implementations(small: list[MemoryLog]) -> None:
    for size, log in enumerate(small):
        assert log.tree.root == merkle.mth(numbered(size))


def test_every_leaf_of_every_size_up_to_300_is_proven(small: list[MemoryLog]) -> None:
    leaves = [leaf_hash(entry) for entry in numbered(UP_TO)]
    for size in range(1, UP_TO + 1):
        tiles = small[size].tiles()
        for index in range(size):
            path = inclusion_proof(tiles, index)
            assert verify_inclusion(leaves[index], index, size, path, tiles.root)


def test_every_pair_of_sizes_up_to_300_is_proven_consistent(small: list[MemoryLog]) -> None:
    roots = [log.tree.root for log in small]
    for new in range(UP_TO + 1):
        tiles = small[new].tiles()
        for old in range(new + 1):
            path = consistency_proof(tiles, old)
            assert verify_consistency(old, roots[old], new, roots[new], path)
            assert root_at(tiles, old) == roots[old]


@settings(deadline=None)
@given(st.data())
def test_proofs_are_the_second_implementations(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 700))
    index = data.draw(st.integers(0, size - 1))
    entries = numbered(size)
    tiles = grown(entries).tiles()
    assert inclusion_proof(tiles, index) == merkle.path(index, entries)
    if index:
        assert consistency_proof(tiles, index) == merkle.proof(index, entries)


@settings(deadline=None)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=6))
def test_a_tree_is_the_same_however_it_grew_and_whenever_it_was_resumed(steps: list[int]) -> None:
    whole, pieces = MemoryLog(), MemoryLog()
    whole.append(numbered(sum(steps)))
    for step in steps:
        pieces.append(numbered(step, start=pieces.tree.size))
        pieces.tree = GrowingTree.resume(pieces.read, pieces.tree.size, pieces.tree.root)
    assert pieces.tree.root == whole.tree.root
    assert pieces.tiles().edge_rows == whole.tiles().edge_rows


def test_large_trees_agree_at_the_edges_of_tiles() -> None:
    for size in (255, 256, 257, 511, 512, 65535, 65536, 65537, 65536 + 256, 70_000):
        entries = numbered(size)
        tiles = grown(entries, batch=999).tiles()
        assert tiles.root == merkle.mth(entries)
        for index in {0, 255, 256, size // 2, size - 1} & set(range(size)):
            path = inclusion_proof(tiles, index)
            assert verify_inclusion(leaf_hash(entries[index]), index, size, path, tiles.root)
        for old in {1, 255, 256, 257, size // 3, size - 1} & set(range(1, size)):
            path, root = consistency_proof(tiles, old), merkle.mth(entries[:old])
            assert verify_consistency(old, root, size, tiles.root, path)


def test_a_proof_reads_a_number_of_tiles_that_is_logarithmic() -> None:
    log = grown(numbered(70_000))
    for index in (0, 12_345, 69_999):
        log.reads = 0
        inclusion_proof(log.tiles(), index)
        assert log.reads <= 2 * 3  # three levels: the right edge, and the way down


def _flip(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


MUTATIONS: dict[str, Callable[[list[bytes], int, bytes], list[bytes]]] = {
    "one bit": lambda path, at, _: [*path[:at], _flip(path[at], at % 256), *path[at + 1 :]],
    "left out": lambda path, at, _: [*path[:at], *path[at + 1 :]],
    "twice": lambda path, at, _: [*path[:at], path[at], *path[at:]],
    "another before": lambda path, at, root: [*path[:at], root, *path[at:]],
    "another behind": lambda path, _, root: [*path, root],
    "swapped": lambda path, at, _: [*path[:at], *path[at : at + 2][::-1], *path[at + 2 :]],
    "cut short": lambda path, at, _: [*path[:at], path[at][:-1], *path[at + 1 :]],
    "empty": lambda path, at, _: [*path[:at], b"", *path[at + 1 :]],
    "none": lambda _path, _at, _root: [],
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@settings(deadline=None)
@given(st.data())
def test_every_mutation_of_an_inclusion_proof_is_refused(
    mutation: str, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, 600))
    index = data.draw(st.integers(0, size - 1))
    tiles = grown(numbered(size)).tiles()
    leaf, path = leaf_hash(numbered(size)[index]), inclusion_proof(tiles, index)
    changed = MUTATIONS[mutation](path, data.draw(st.integers(0, len(path) - 1)), tiles.root)
    assert (changed == path) or not verify_inclusion(leaf, index, size, changed, tiles.root)


@pytest.mark.parametrize("mutation", MUTATIONS)
@settings(deadline=None)
@given(st.data())
def test_every_mutation_of_a_consistency_proof_is_refused(
    mutation: str, data: st.DataObject
) -> None:
    new = data.draw(st.integers(2, 600))
    old = data.draw(st.integers(1, new - 1))
    tiles = grown(numbered(new)).tiles()
    old_root, path = root_at(tiles, old), consistency_proof(tiles, old)
    changed = MUTATIONS[mutation](path, data.draw(st.integers(0, len(path) - 1)), tiles.root)
    assert (changed == path) or not verify_consistency(old, old_root, new, tiles.root, changed)


@settings(deadline=None)
@given(st.data())
def test_a_proof_holds_for_no_other_place_size_leaf_or_root(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 400))
    index = data.draw(st.integers(0, size - 1))
    entries = numbered(size)
    tiles = grown(entries).tiles()
    leaf, path, root = leaf_hash(entries[index]), inclusion_proof(tiles, index), tiles.root
    for wrong in {index - 1, index + 1, index ^ 2, -1, size, 1 << 70} - {index}:
        assert not verify_inclusion(leaf, wrong, size, path, root)
    assert not verify_inclusion(leaf, index, 0, path, root)
    assert not verify_inclusion(OTHER, index, size, path, root)
    assert not verify_inclusion(leaf, index, size, path, OTHER)


@settings(deadline=None)
@given(st.data())
def test_trees_that_differ_in_one_old_leaf_are_not_consistent(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 400))
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    entries = numbered(new)
    forked = [*entries[:changed], b"other", *entries[changed + 1 :]]
    tiles, fork = grown(entries).tiles(), grown(forked).tiles()
    known = root_at(tiles, old)
    assert not verify_consistency(old, known, new, fork.root, consistency_proof(fork, old))
    assert not verify_consistency(old, known, new, fork.root, consistency_proof(tiles, old))


def test_sizes_that_need_no_proof_take_none() -> None:
    root = leaf_hash(b"root")
    assert verify_consistency(0, EMPTY_ROOT, 5, root, [])
    assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert verify_consistency(5, root, 5, root, [])
    assert not verify_consistency(0, EMPTY_ROOT, 5, root, [root])
    assert not verify_consistency(0, root, 5, root, [])
    assert not verify_consistency(0, root, 0, root, [])
    assert not verify_consistency(5, root, 5, OTHER, [])
    assert not verify_consistency(5, root, 5, root, [root])
    assert not verify_consistency(4, root, 5, root, [])


def test_a_tree_that_shrank_is_not_consistent() -> None:
    tiles = grown(numbered(9)).tiles()
    path = consistency_proof(tiles, 5)
    assert not verify_consistency(9, tiles.root, 5, root_at(tiles, 5), path)
    assert not verify_consistency(-1, EMPTY_ROOT, 5, root_at(tiles, 5), [])


def test_what_is_outside_the_tree_cannot_be_proven() -> None:
    tiles = grown(numbered(8)).tiles()
    for index in (-1, 8):
        with pytest.raises(IndexError):
            inclusion_proof(tiles, index)
    for old in (-1, 9):
        with pytest.raises(IndexError):
            consistency_proof(tiles, old)
        with pytest.raises(IndexError):
            root_at(tiles, old)


def test_an_entry_is_not_taken_for_its_hash() -> None:
    tree = GrowingTree()
    with pytest.raises(ValueError, match="32 bytes"):
        tree.extend([leaf_hash(b"one"), b"two"])
    assert tree.root == EMPTY_ROOT


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    tiles = VerifiedTiles({}.get, 0, EMPTY_ROOT)
    assert root_at(tiles, 0) == GrowingTree().root == EMPTY_ROOT == hashlib.sha256(b"").digest()
