"""What a log line may say."""

import logging


class RouteOnly(logging.Filter):
    """Write the route of a request instead of its address: people type names into addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, without the path that somebody asked for."""
        path = getattr(getattr(record, "request", None), "path", None)
        if path is not None and isinstance(record.args, tuple):
            match = getattr(record.request, "resolver_match", None)  # type: ignore[attr-defined]
            route = f"/{match.route}" if match else "(no such address)"
            record.args = tuple(route if value == path else value for value in record.args)
        return True
