"""How long the logs are that the ledger's parts measure: 10^4, 10^5 and 10^6 events.

EVENTS names another largest size, for a look at whether all of it runs.
"""

import os

LARGEST = int(os.environ.get("EVENTS", "1000000"))
SIZES = (*(size for size in (10_000, 100_000, 1_000_000) if size < LARGEST), LARGEST)
