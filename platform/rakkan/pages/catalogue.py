"""Translations: read a .po file, write the .mo file that Django loads.

Only what the site's catalogue uses: contexts, one form per message. With it nobody needs the GNU
gettext tools to change a translation; collecting new messages does (``manage.py makemessages``).
"""

import ast
import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = 0x950412DE
_CONTEXT_END = "\x04"
_FIELDS = ("msgctxt", "msgid", "msgstr")


def catalogue_read(path: Path) -> dict[str, str]:
    """Return the translations of a .po file by message, with its context before it if it has one.

    The header is the translation of the empty message. Messages without a translation and those
    marked fuzzy are left out, as GNU msgfmt does.
    """
    found: dict[str, str] = {}
    for fields in _entries(path.read_text(encoding="utf-8")):
        context = fields["msgctxt"] + _CONTEXT_END if "msgctxt" in fields else ""
        if fields.get("msgstr") and "fuzzy" not in fields:
            found[context + fields["msgid"]] = fields["msgstr"]
    return found


def _entries(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    current = ""
    for raw in [*text.splitlines(), ""]:
        line = raw.strip()
        word, _, rest = line.partition(" ")
        if not line:
            if "msgid" in fields:
                yield fields
            fields = {}
        elif word == "#,":
            fields |= {"fuzzy": ""} if "fuzzy" in rest else {}
        elif word in _FIELDS:
            current = word
            fields[current] = ast.literal_eval(rest)
        elif line.startswith('"'):
            fields[current] += ast.literal_eval(line)


def catalogue_bytes(translations: dict[str, str]) -> bytes:
    """Return the .mo form: seven words, two tables of length and offset, the strings."""
    pairs = sorted((key.encode(), value.encode()) for key, value in translations.items())
    count = len(pairs)
    keys_at, values_at = 28, 28 + 8 * count
    offset = values_at + 8 * count
    tables, body = [b"", b""], b""
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<II", len(pair[column]), offset + len(body))
            body += pair[column] + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, count, keys_at, values_at, 0, offset)
    return head + tables[0] + tables[1] + body


def catalogue_compile(source: Path) -> Path:
    """Write the .mo file beside a .po file and return its path."""
    target = source.with_suffix(".mo")
    target.write_bytes(catalogue_bytes(catalogue_read(source)))
    return target
