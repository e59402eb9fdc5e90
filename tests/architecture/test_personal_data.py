"""Every column that could hold something personal is spoken of: how it ends, or why it is none."""

from __future__ import annotations

from pathlib import Path

from rakkan.lifecycle import inventory


def test_of_every_column_somebody_has_said_what_becomes_of_it() -> None:
    assert not inventory.unspoken(), (
        "Say in platform/rakkan/lifecycle/inventory.py what becomes of these columns when a person "
        "is erased. What is personal in a row that stays is a SealedText or SealedJSON "
        "(rakkan.vault.fields)."
    )
    assert not inventory.outdated(), "These columns are not there any more."


def test_the_page_about_personal_data_is_current(checkout: Path) -> None:
    published = (checkout / "docs" / "personal-data.md").read_text(encoding="utf-8")
    told = "run: python manage.py personal_data > docs/personal-data.md"
    assert published == inventory.document(), told
