"""A log line about a request says its route, never the address that somebody typed."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from rakkan.core.logs import RouteOnly


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/status/Dana%20Unmistakable", "Not Found: "),
        ("/people/of/Dana%20Unmistakable", "(no such"),
    ],
)
def test_a_name_in_an_address_is_not_logged(
    path: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RouteOnly())
    with caplog.at_level(logging.WARNING, logger="django.request"):
        assert Client().get(path).status_code == 404
    assert said in caplog.text
    assert "Dana" not in caplog.text
