"""``python -m compliance.witness``: run a witness until it is stopped."""

import argparse
import sys
from pathlib import Path

from compliance.errors import ComplianceError
from compliance.ledger import LogTrust, VerifierKey
from compliance.witness.memory import Memory
from compliance.witness.server import WitnessServer
from compliance.witness.service import Witness, logs_by_origin


def main(arguments: list[str] | None = None) -> int:
    """Run the witness; returns 1 if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m compliance.witness", description=__doc__)
    parser.add_argument("--name", required=True, help="its name, such as witness.example.org/w1")
    parser.add_argument(
        "--state", type=Path, required=True, help="folder for its key and memory; keep it"
    )
    parser.add_argument(
        "--log",
        action="append",
        required=True,
        metavar="VKEY",
        help="key of a log to cosign, as name+id+key; may be given again",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    options = parser.parse_args(arguments)
    try:
        memory = Memory(options.state)
        logs = logs_by_origin(LogTrust((VerifierKey.parse(text),)) for text in options.log)
        witness = Witness(memory.signer(options.name), logs, memory)
        key = witness.signer.key.text
        server = WitnessServer((options.host, options.port), witness)
    except (ComplianceError, OSError) as error:
        sys.stderr.write(f"{error} {getattr(error, 'remedy', '')}".rstrip() + "\n")
        return 1
    sys.stdout.write(f"Witness {key} on http://{options.host}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
