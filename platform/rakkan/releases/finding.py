"""Find releases by 64-bit hashes: candidates out of millions, by one query.

Multi-index hashing (Norouzi, Punjani and Fleet, 2012): the 64 bits are four bands of 16, each with
an index. Two hashes that differ in 3 bits or fewer have one band in common; with the bands that
differ in one bit looked up as well, in 7 or fewer. What is further away is found by chance, and a
clip has many hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from compliance.fingerprint import Kind, PrintHash

NEAR = 10  # bits; two portraits are rarely closer than 16
MOST_HASHES = 24  # that are looked up: more of the same face find nothing new
_MOST_ROWS = 20_000  # that one query weighs; beyond are copies of one portrait, all as good
_BANDS = 4
_BITS = 16
_SIGN = 1 << 63

_FOUND = """
SELECT h.fingerprint_id, h.view, MIN(BIT_COUNT((h.bits # h.asked)::bit(64))) AS apart, COUNT(*)
FROM ({bands}) h
WHERE BIT_COUNT((h.bits # h.asked)::bit(64)) <= %(near)s
GROUP BY h.fingerprint_id, h.view
ORDER BY apart, COUNT(*) DESC
LIMIT %(most)s
"""
_BAND = """
(SELECT p.fingerprint_id, p.view, p.bits, q.bits AS asked
 FROM UNNEST(%(looked{n})s::int[], %(asked{n})s::bigint[]) AS q(band, bits)
 JOIN releases_printhash p ON p.band{n} = q.band AND p.kind = %(kind)s
 LIMIT %(rows)s)
"""
_QUERY = _FOUND.format(bands=" UNION ALL ".join(_BAND.format(n=n) for n in range(_BANDS)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that looks like what was asked for.

    Attributes:
        fingerprint_id: of the release.
        view: which part of its picture is alike.
        apart: bits between the closest two hashes.
        hashes: how many pairs are close.
    """

    fingerprint_id: UUID
    view: int
    apart: int
    hashes: int


def signed(bits: int) -> int:
    """Return 64 bits as PostgreSQL's bigint holds them."""
    return bits - (1 << 64) if bits & _SIGN else bits


def candidates(
    hashes: Sequence[PrintHash], *, kind: Kind = Kind.PICTURE, wide: bool = False, most: int = 12
) -> list[Candidate]:
    """Return the releases that come closest to any of some hashes, closest first.

    Args:
        hashes: of what was asked for; the first 24 count.
        kind: of the hashes.
        wide: look up the bands that differ in one bit as well, at 17 times the work.
        most: candidates wanted.
    """
    asked = [each.bits for each in hashes if each.kind is kind][:MOST_HASHES]
    if not asked:
        return []
    given: dict[str, Any] = {"near": NEAR, "kind": kind.value, "rows": _MOST_ROWS, "most": most}
    for number in range(_BANDS):
        looked = [(band, bits) for bits in asked for band in _bands(bits, number, wide=wide)]
        given[f"looked{number}"] = [band for band, _ in looked]
        given[f"asked{number}"] = [signed(bits) for _, bits in looked]
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, given)
        return [Candidate(*row) for row in cursor.fetchall()]


def _bands(bits: int, number: int, *, wide: bool) -> Iterable[int]:
    own = bits >> (_BITS * (_BANDS - 1 - number)) & 0xFFFF
    yield own
    if wide:
        yield from (own ^ (1 << bit) for bit in range(_BITS))
