"""The Japanese texts are complete, and the compiled file is the one that belongs to the source."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

from rakkan.pages.catalogue import catalogue_bytes, catalogue_read

FOLDER = Path(__file__).resolve().parents[2] / "frontend"
SOURCE = FOLDER / "locale" / "ja" / "LC_MESSAGES" / "django.po"
_TAG = re.compile(r"""\{% translate ("[^"]+"|'[^']+')(?: context ("[^"]+"))?""")
_PLACE = re.compile(r"%\(\w+\)s")


def test_the_compiled_file_is_current() -> None:
    compiled = SOURCE.with_suffix(".mo").read_bytes()
    assert compiled == catalogue_bytes(catalogue_read(SOURCE)), "run manage.py compile_locale"


def test_the_standard_library_reads_what_we_compile() -> None:
    with SOURCE.with_suffix(".mo").open("rb") as stream:
        texts = gettext.GNUTranslations(stream)
    assert texts.gettext("Sign in") == "サインイン"
    assert texts.pgettext("step", "Consent") == "同意"


def test_every_message_of_the_templates_is_translated() -> None:
    known = catalogue_read(SOURCE)
    missing = []
    for template in sorted((FOLDER / "templates").rglob("*.html")):
        for message, context in _TAG.findall(template.read_text(encoding="utf-8")):
            key = (context[1:-1] + "\x04" if context else "") + message[1:-1]
            if key not in known:
                missing.append(f"{template.name}: {key}")
    assert missing == []


def test_no_translation_is_empty_and_each_keeps_its_placeholders() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    known = catalogue_read(SOURCE)
    assert text.count("\nmsgid ") == len(known)
    for message, translation in known.items():
        if message:
            assert sorted(_PLACE.findall(message)) == sorted(_PLACE.findall(translation)), message
