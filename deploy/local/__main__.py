"""``python -m deploy.local COMMAND``: what the Makefile calls."""

from __future__ import annotations

import sys

from deploy.local.console import fail
from deploy.local.errors import LocalError

COMMANDS = {
    "setup": "make .venv from the pinned requirements",
    "demo": "take one production the whole way and verify the result",
    "serve": "run the site and its workers until Ctrl-C",
    "code": "print a code for the demo accounts that confirm decisions",
    "stack": "the same without the demo accounts, on any free port",
    "stop": "stop a running site",
    "clean": "delete this checkout's data, after asking",
    "manage": "run one of Django's commands beside the running site",
    "bench": "measure one part: bench PART",
    "lock": "resolve the dependencies and rewrite requirements/",
    "check-types": "mypy --strict over the packages (its plugins read the settings)",
    "check-migrations": "fail when a model has changed without a migration",
}


def main(arguments: list[str]) -> int:
    """Runs one command and returns the exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        print("usage: python -m deploy.local COMMAND\n")
        for name, what in COMMANDS.items():
            print(f"  {name:17} {what}")
        return 2
    try:
        return _run(arguments[0], arguments[1:])
    except LocalError as error:
        fail(error.code, str(error), error.remedy)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(command: str, arguments: list[str]) -> int:
    if command == "setup":  # the only command that runs before there is a virtual environment
        from deploy.local.install import install

        install()
        return 0
    from deploy.local import commands

    return int(commands.run(command, arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
