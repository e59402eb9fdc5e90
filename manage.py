#!/usr/bin/env python
"""Django's command line."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Put ``platform/`` on the path (it is a source folder, not a package) and run."""
    root = Path(__file__).resolve().parent
    sys.path[:0] = [str(root / "platform"), str(root)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rakkan.config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  needs the path

    from rakkan.core.tenancy import process_is_system  # noqa: PLC0415  as above

    process_is_system()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
