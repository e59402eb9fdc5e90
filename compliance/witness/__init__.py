"""A small witness: cosigns the checkpoints of logs that only ever grew (C2SP tlog-witness).

It is run by somebody else than the log: ``python -m compliance.witness --help``. It remembers one
checkpoint a log, and needs no database and no trust in the log beyond the log's public key.
"""

from compliance.witness.memory import Memory
from compliance.witness.server import WitnessServer
from compliance.witness.service import Answer, Witness

__all__ = ["Answer", "Memory", "Witness", "WitnessServer"]
