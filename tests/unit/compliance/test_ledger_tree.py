"""The Merkle tree against the vectors of certificate-transparency-go (``testdata`` of merkle)."""

import hashlib

import pytest

from compliance.ledger import (
    EMPTY_ROOT,
    inclusion_path,
    leaf_hash,
    node_hash,
    tree_root,
    verify_inclusion,
)

# Entries and roots published with the reference implementation of Certificate Transparency.
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
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert tree_root([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert tree_root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_published_path_of_the_first_of_eight_leaves() -> None:
    assert [step.hex() for step in inclusion_path(LEAVES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_every_leaf_of_every_size_is_proven_and_only_at_its_place() -> None:
    for size in range(1, 20):
        leaves = [leaf_hash(bytes([n])) for n in range(size)]
        root = tree_root(leaves)
        for index in range(size):
            path = inclusion_path(leaves, index)
            assert verify_inclusion(leaves[index], index, size, path, root)
            for other in set(range(size + 1)) - {index}:
                assert not verify_inclusion(leaves[index], other, size, path, root)


def test_a_changed_leaf_path_or_root_is_not_proven() -> None:
    root, path = tree_root(LEAVES), inclusion_path(LEAVES, 5)
    other = hashlib.sha256(b"other").digest()
    assert verify_inclusion(LEAVES[5], 5, 8, path, root)
    assert not verify_inclusion(other, 5, 8, path, root)
    assert not verify_inclusion(LEAVES[5], 5, 8, path, other)
    assert not verify_inclusion(LEAVES[5], 5, 8, path[:-1], root)
    assert not verify_inclusion(LEAVES[5], 5, 8, [*path, other], root)
    assert not verify_inclusion(LEAVES[5], 5, 8, [other, *path[1:]], root)


def test_an_inner_node_is_not_a_leaf() -> None:
    assert node_hash(LEAVES[0], LEAVES[1]) != leaf_hash(LEAVES[0] + LEAVES[1])


def test_a_path_outside_the_tree_is_refused() -> None:
    with pytest.raises(IndexError):
        inclusion_path(LEAVES, 8)
