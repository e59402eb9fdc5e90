"""Every address of the site, read from the URL configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.i18n import set_language

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """An address: its path as the URL configuration writes it, and the view behind it."""

    path: str
    view: Any

    def methods(self) -> tuple[str, ...]:
        """The methods it answers; HEAD goes with GET, and OPTIONS says nothing about objects.

        Pages are functions: they are asked, as somebody who is not signed in.
        """
        if self.view is set_language:  # Django's own: what is not a POST leads back, no more
            return ("POST",)
        if hasattr(self.view, "view_class"):
            return tuple(name for name in METHODS if _answers(self.view.view_class, name.lower()))
        path = address(self.path, {})
        return tuple(name for name in METHODS if Client().generic(name, path).status_code != 405)


def _answers(view: Any, name: str) -> bool:
    return name in view.http_method_names and hasattr(view, name)


def routes() -> list[Route]:
    """All addresses of the site."""
    return list(_walk(get_resolver(), ""))


def parameters(path: str) -> list[str]:
    """The names of what a route takes."""
    return _PARAMETER.findall(path)


def address(path: str, values: dict[str, object]) -> str:
    """The route with these values; an id that nothing has stands in for those not given."""
    nothing = "00000000-0000-4000-8000-000000000000"
    return "/" + _PARAMETER.sub(lambda found: str(values.get(found[1], nothing)), path)


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(path, pattern.callback)
        else:
            yield from _walk(pattern, path)
