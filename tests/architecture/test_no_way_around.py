"""Nobody is above the workflow: no admin site, no superuser, no permission that is not a role."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import URLPattern, URLResolver, get_resolver

ADMIN = "django.contrib.admin"


def patterns(resolver: URLResolver) -> list[URLPattern]:
    found: list[URLPattern] = []
    for entry in resolver.url_patterns:
        found += [entry] if isinstance(entry, URLPattern) else patterns(entry)
    return found


def test_the_admin_site_is_not_installed_and_no_address_leads_to_it() -> None:
    assert not [name for name in settings.INSTALLED_APPS if name.startswith(ADMIN)]
    assert not apps.is_installed(ADMIN)
    modules = {str(getattr(one.callback, "__module__", "")) for one in patterns(get_resolver())}
    assert modules
    assert not [name for name in modules if name.startswith(ADMIN)]


def test_there_is_no_superuser_no_staff_and_no_group() -> None:
    names = {field.name for field in get_user_model()._meta.get_fields()}
    assert names.isdisjoint({"is_superuser", "is_staff", "groups", "user_permissions"})
