"""Lists are read by cursor: stable while new rows arrive."""

from rest_framework.pagination import CursorPagination


class Newest(CursorPagination):
    """Newest first; a view names its own column."""

    ordering = "-created_at"
    page_size_query_param = "page_size"
    max_page_size = 500
