"""What this app does: the rows of previews, and their files."""

from rakkan.previews.services.keep import (
    Seen,
    preview_add,
    preview_destroy,
    preview_finish,
    preview_keep,
    preview_reading_note,
    preview_upload_note,
    preview_view,
)

__all__ = [
    "Seen",
    "preview_add",
    "preview_destroy",
    "preview_finish",
    "preview_keep",
    "preview_reading_note",
    "preview_upload_note",
    "preview_view",
]
