"""What auditors do with the log, and what is noted of readers."""

from rakkan.inspection.services.export import Form, export_stream, whole_log_stream
from rakkan.inspection.services.index import index_update
from rakkan.inspection.services.proof import proof_file
from rakkan.inspection.services.read import log_read
from rakkan.inspection.services.reading import list_note, reading_note, readings_forget
from rakkan.inspection.services.watch import (
    Watched,
    watch_add,
    watch_end,
    watch_get,
    watch_look,
    watches_of,
    watches_tell,
    watches_update,
)

__all__ = [
    "Form",
    "Watched",
    "export_stream",
    "index_update",
    "list_note",
    "log_read",
    "proof_file",
    "reading_note",
    "readings_forget",
    "watch_add",
    "watch_end",
    "watch_get",
    "watch_look",
    "watches_of",
    "watches_tell",
    "watches_update",
    "whole_log_stream",
]
