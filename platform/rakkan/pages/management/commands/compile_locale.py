"""Compile the translations in frontend/locale, without the GNU gettext tools."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from rakkan.pages.catalogue import catalogue_compile


class Command(BaseCommand):
    """Run it after every change of a .po file and commit both files.

    New messages are collected by ``manage.py makemessages -l ja --no-location --no-obsolete``,
    which needs the package gettext.
    """

    help = "Write the .mo file beside each .po file of the site."
    requires_system_checks = ()

    def handle(self, *_: Any, **options: Any) -> None:
        """Compile each."""
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/django.po")):
                self.stdout.write(str(catalogue_compile(source)))
