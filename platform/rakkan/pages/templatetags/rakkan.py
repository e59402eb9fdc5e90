"""Filters and tags of the site's templates."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxSelectMultiple
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from rakkan.pages import events
from rakkan.pages.problems import Problem, problem_of
from rakkan.pages.words import word

register = template.Library()


@register.filter
def say(value: object, kind: str) -> str:
    """Return a word of the rules in the language of the page: ``{{ state|say:"state" }}``."""
    return word(kind, value)


@register.filter
def say_all(values: list[object], kind: str) -> str:
    """Return several words as one line."""
    separator = "、" if (get_language() or "").startswith("ja") else ", "
    return separator.join(word(kind, value) for value in values)


@register.filter
def problem(about: object) -> Problem | None:
    """Return an error or stored problem in the language of the page."""
    return problem_of(about)


@register.filter
def local(texts: dict[str, str]) -> str:
    """Return the text of a dictionary by language, English where it has no other."""
    language = (get_language() or "en")[:2]
    return str(texts.get(language) or texts.get("en", ""))


@register.filter
def reason(rule: Any) -> str:
    """Return why a use is forbidden, in the language of the page."""
    return local({"en": rule.reason_en, "ja": rule.reason_ja})


@register.filter
def outcome(entry: dict[str, Any]) -> str:
    """Return what an entry of the prompt report says, in the language of the page."""
    name = "effect" if entry.get("honoured") else "why"
    language = (get_language() or "en")[:2]
    return str(entry.get(f"{name}_{language}") or entry.get(name, ""))


@register.filter
def groups(digest: str, size: int = 8) -> str:
    """Return a digest in groups, which people can compare."""
    return " ".join(digest[i : i + size] for i in range(0, len(digest), size))


@register.filter
def hexadecimal(value: bytes) -> str:
    """Return bytes as lower-case hexadecimal digits."""
    return bytes(value).hex()


@register.filter
def percent(share: float) -> int:
    """Return 0 to 1 as 0 to 100."""
    return round(share * 100)


@register.filter
def when(moment: datetime) -> SafeString:
    """Return a moment, in UTC, for people and programs."""
    shape = pgettext("Django date format", "j M Y, H:i")
    text = date_format(moment, shape)
    return format_html('<time datetime="{}">{} UTC</time>', moment.isoformat(), text)


@register.filter
def moment(at: datetime) -> str:
    """Return a moment, in UTC, for a message of plain text."""
    return str(date_format(at, pgettext("Django date format", "j M Y, H:i")))


@register.filter
def day(moment: datetime) -> SafeString:
    """Return the day of a moment, in UTC."""
    text = date_format(moment, pgettext("Django date format", "j M Y"))
    return format_html('<time datetime="{}">{}</time>', moment.date().isoformat(), text)


@register.filter
def event_word(name: str) -> str:
    """Return what an event says, in the language of the page."""
    return events.event_word(name)


@register.filter
def roles(text: str) -> str:
    """Return in words the role, or every role, in which somebody acted."""
    return " · ".join(word("role", role) for role in text.split("+"))


@register.filter
def lines(data: object) -> str:
    """Return JSON for people."""
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True)


@register.filter
def is_group(field: BoundField) -> bool:
    """Say whether a form field is a group of checkboxes, which needs a fieldset."""
    return isinstance(field.field.widget, CheckboxSelectMultiple)


@register.filter
def described(field: BoundField) -> SafeString:
    """Return a field whose hint and error are tied to it for screen readers."""
    ids = [f"{field.auto_id}_hint"] if field.help_text else []
    ids += [f"{field.auto_id}_error"] if field.errors else []
    attributes: dict[str, Any] = {"aria-describedby": " ".join(ids)} if ids else {}
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)
