"""What a file is, in words: an answer of :mod:`compliance.verify.asking` for the public page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

from compliance.verify.asking import Answer, Known
from compliance.verify.examination import Examination
from compliance.verify.report import Outcome
from compliance.verify.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One check as the page shows it."""

    outcome: str  # "pass", "fail" or "not-made"
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as the page shows it."""

    tone: str  # a Verdict's value
    title: str
    lead: str
    second: str  # "at 0:12", or empty
    known: Known | None
    sha256: str
    lines: tuple[Line, ...]


def told(answer: Answer) -> Told:
    """Return an answer in the reader's language; it names nobody."""
    known, found = answer.question.known, answer.question.found
    placed = found.placement if found else None
    return Told(
        tone=answer.verdict.value,
        title=_title(answer.verdict),
        lead=_lead(answer, known),
        second=_clock(placed.seconds) if placed and not answer.question.by_bytes else "",
        known=known,
        sha256=answer.question.examination.sha256,
        lines=tuple(_line(answer, number) for number in range(len(answer.checks))),
    )


def _title(verdict: Verdict) -> str:
    return {
        Verdict.UNCHANGED: gettext("Ours and unchanged"),
        Verdict.COPY: gettext("Ours, re-encoded or cut"),
        Verdict.WITHDRAWN: gettext("Ours, consent withdrawn"),
        Verdict.ALTERED: gettext("Claims to be ours but is altered"),
        Verdict.UNKNOWN: gettext("Not known"),
    }[verdict]


def _lead(answer: Answer, known: Known | None) -> str:
    verdict, seen = answer.verdict, answer.question.examination
    if verdict is Verdict.COPY and seen.kind == "sound":
        return gettext(
            "Its sound was made here and may be used. What it was taken from, and whether "
            "something was cut, a sound alone cannot say."
        )
    if verdict is Verdict.ALTERED and answer.question.heard and not answer.question.found:
        return gettext(
            "Its sound is that of a release of ours, but the pictures are not. Do not rely on it."
        )
    if verdict is Verdict.WITHDRAWN and known and known.status == "preview":
        return gettext("It is a preview for those who decide, and was never released.")
    return {
        Verdict.UNCHANGED: gettext(
            "This is, byte for byte, what was released here, and it may be shown."
        ),
        Verdict.COPY: gettext(
            "It was made here and may be shown. Somebody encoded, cut or photographed it since, "
            "so its own signature is gone or does not fit."
        ),
        Verdict.WITHDRAWN: gettext(
            "It was made here, but may not be used any more. Please do not show or pass it on."
        ),
        Verdict.ALTERED: gettext(
            "It bears our name, but what it shows or carries is not what was released. Do not "
            "rely on it."
        ),
        Verdict.UNKNOWN: gettext(
            "Nothing in it says that it was made here. That does not make it genuine, nor a fake."
        ),
    }[verdict]


def _line(answer: Answer, index: int) -> Line:
    check = answer.checks[index]
    titles = {
        "readable": gettext("Can be read"),
        "manifest": gettext("Signed manifest (C2PA)"),
        "file": gettext("Same bytes as released"),
        "watermark": gettext("Watermark in the pixels"),
        "fingerprint": gettext("Fingerprint of the pictures"),
        "status": gettext("Release and consent now"),
        "audiomark": gettext("Mark in the sound"),
    }
    detail = _details(answer)[check.name][check.outcome is Outcome.PASS]
    if check.outcome is Outcome.NOT_MADE:
        detail = gettext("Not checked: there is nothing to check it on.")
    return Line(check.outcome.value, titles[check.name], detail)


def _details(answer: Answer) -> dict[str, tuple[str, str]]:
    """Return, by check, what to say where it does not hold and where it does."""
    seen, known = answer.question.examination, answer.question.known
    return {
        "readable": (
            gettext("It is no video, picture or sound that we can read."),
            _kind(seen),
        ),
        "manifest": (
            _unsigned(answer),
            gettext("Signed here at %(time)s; the file fits its signature.")
            % {"time": _moment(seen.manifest.get("timestamped_at"))},
        ),
        "file": (
            gettext("The bytes are not those that were released."),
            gettext("Not one byte differs."),
        ),
        "watermark": (
            gettext("There is no mark of ours in the pixels, or one that does not fit."),
            gettext("Asked for that release, the pixels carry its marks.")
            if seen.asked.get("state") == "found"
            else gettext("The pixels name a release of ours."),
        ),
        "fingerprint": (gettext("No release of ours has such pictures."), _second(answer)),
        "status": (
            gettext("It was called back, or a consent has ended.")
            if known and known.status != "preview"
            else gettext("It is a preview and was never released."),
            gettext("The release stands and the consents live."),
        ),
        "audiomark": (_unheard(answer), gettext("The sound carries the mark of that release.")),
    }


def _kind(seen: Examination) -> str:
    if seen.kind == "picture":
        return gettext("A picture.")
    seconds = {"seconds": f"{seen.seconds:.1f}"}
    if seen.kind == "sound":
        return gettext("A sound of %(seconds)s seconds.") % seconds
    return gettext("A video of %(seconds)s seconds.") % seconds


def _unheard(answer: Answer) -> str:
    if answer.question.heard:
        return gettext("The sound is that of another release of ours than the pictures.")
    return gettext("There is no mark of ours in the sound: it was replaced, or is too worn.")


def _unsigned(answer: Answer) -> str:
    manifest = answer.question.examination.manifest
    if manifest.get("state") == "none":
        return gettext("It carries no signed manifest. Copies usually lose it.")
    if manifest.get("recovered_for") and manifest.get("state") == "Trusted":
        return gettext("A manifest of ours that was recovered for this copy, and says so.")
    return gettext("It carries a manifest, but not one of ours that fits this file.")


def _second(answer: Answer) -> str:
    found = answer.question.found
    if found is None or found.placement is None:
        return gettext("Its pictures are those of a release whose originals were deleted.")
    where = _clock(found.placement.seconds)
    if answer.question.examination.kind == "picture":
        return gettext("It shows what the original shows at %(clock)s.") % {"clock": where}
    return gettext("It begins where the original is at %(clock)s.") % {"clock": where}


def _moment(stamped: str | None) -> str:
    if not stamped:
        return "?"
    return date_format(localtime(datetime.fromisoformat(stamped)), "DATETIME_FORMAT")


def _clock(seconds: float) -> str:
    whole = max(0.0, seconds)
    return pgettext("clock", "%(minutes)d:%(seconds)04.1f") % {
        "minutes": int(whole // 60),
        "seconds": whole % 60,
    }
