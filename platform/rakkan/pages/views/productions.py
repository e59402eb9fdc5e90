"""Productions: list, draft, watch, submit, cancel, decide."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.models import User
from rakkan.approvals.selectors import steps_of, workflow_of
from rakkan.approvals.services import Seen, Verdict, Word, delegations_live
from rakkan.core.errors import NotFound, RakkanError
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.selectors import likenesses_visible, voices_visible
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.changes import changes_of
from rakkan.pages.compare import scope_comparisons
from rakkan.pages.forms import DecisionForm, ProductionForm, ResultForm
from rakkan.pages.measured import measured_apart
from rakkan.pages.previews import PreviewPanel, preview_panel
from rakkan.pages.reviews import review_panel
from rakkan.pages.timeline import gaps_of, timeline
from rakkan.pages.words import word
from rakkan.previews.selectors import preview_newest
from rakkan.productions.captionless import captions_lacking
from rakkan.productions.models import Production
from rakkan.productions.prompted import prompt_report_of
from rakkan.productions.selectors import (
    production_get,
    production_progress,
    productions_visible,
)
from rakkan.productions.services.addresses import status_url
from rakkan.productions.services.covered import consents_at_hand
from rakkan.productions.services.create import production_create
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.preview import preview_request
from rakkan.productions.services.redraft import Changed, production_redraft
from rakkan.productions.services.review import production_review
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.submit import production_submit
from rakkan.productions.states import FINAL, OWNERS, State
from rakkan.releases.selectors import captions_of, gate_report_newest, release_of

_TYPED = "decision_typed"  # in the session, while an approver confirms that it is them
_PEOPLE = {"requester", "approvers", "nobody"}  # owners of a state that no machine will change


@require_safe
@page
def production_list(request: HttpRequest) -> HttpResponseBase:
    """Show the visible productions."""
    rows = queries.page_of(request, productions_visible(user_of(request)))
    list_note(user=user_of(request), listed="productions", shown=rows.object_list)
    return render(request, "productions/list.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def production_new(request: HttpRequest) -> HttpResponseBase:
    """Make a draft; ``?from=`` names a production that has ended and lends what it asked for."""
    user = user_of(request)
    offered, voices, origin = likenesses_visible(user), voices_visible(user), _origin(request)
    list_note(user=user, listed="cast", shown=[*offered, *voices])
    form = ProductionForm(
        request.POST or None,
        request.FILES or None,
        likenesses=offered,
        voices=voices,
        origin=origin,
    )

    def act() -> str:
        cast, draft, files = form.cast(), form.draft(), form.handed_in()
        if origin is None:
            production = production_create(user=user, cast=cast, draft=draft, **files)
        else:
            left_out = form.cleaned_data.get("without_background", False)
            changed = Changed(
                draft, cast.likeness, cast.speaker, **files, without_background=left_out
            )
            production = production_redraft(user=user, production_id=origin.pk, changed=changed)
        return reverse("production", args=[production.pk])

    return form_page(request, "productions/new.html", form, act, offered=offered, voices=voices)


def _origin(request: HttpRequest) -> Production | None:
    given = request.GET.get("from")
    if given is None:
        return None
    try:
        production_id = UUID(given)
    except ValueError as error:
        raise NotFound("There is no such production.") from error
    origin = production_get(user_of(request), production_id)
    reading_note(user=user_of(request), shown=[origin])
    return origin


@require_safe
@page
def production_detail(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Show where a production is and what may be done with it."""
    return _show(request, production_get(user_of(request), production_id))


@act_page("production", "production_id")
@page
def production_submission(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Submit a draft."""
    user = user_of(request)
    return _act(
        request, production_id, lambda: production_submit(user=user, production_id=production_id)
    )


@act_page("production", "production_id")
@page
def production_cancellation(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Cancel one's own production."""
    user = user_of(request)
    return _act(
        request, production_id, lambda: production_cancel(user=user, production_id=production_id)
    )


@act_page("production", "production_id")
@page
def production_decision(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Approve or reject exactly the digest that the page showed."""
    user, form = user_of(request), DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, production_get(user, production_id), form=form, status=400)
    given = form.cleaned_data
    word = Word(Verdict(given["decision"]), given["comment"], given["step"], given["in_name_of"])
    digest = given["request_digest"]
    try:
        production_decide(user=user, production_id=production_id, request_digest=digest, word=word)
    except RakkanError as error:
        production = production_get(user, production_id)
        if error.code == "reauthentication-needed":
            return _confirm_first(request, production)
        return _show(request, production, error=error, status=error.status, form=form)
    return redirect("production", production_id)


def _confirm_first(request: HttpRequest, production: Production) -> HttpResponse:
    """Lead to the confirmation and back; what was typed waits in the session."""
    request.session[_TYPED] = {**request.POST.dict(), "production": str(production.pk)}
    back = reverse("production", args=[production.pk]) + "#decide"
    return redirect(f"{reverse('confirm')}?{urlencode({'next': back})}")


def _typed(request: HttpRequest, production: Production) -> dict[str, str]:
    """Return, once, what an approver typed before they were asked to confirm."""
    typed = request.session.get(_TYPED, {})
    if typed.get("production") != str(production.pk):
        return {}
    del request.session[_TYPED]
    kept = ("comment", "step", "in_name_of")
    return {name: typed[name] for name in kept if name in typed}


@act_page("production", "production_id")
@page
def production_reviewed(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Say whether exactly the file that the page showed may be released."""
    user, form = user_of(request), ResultForm(request.POST)
    if not form.is_valid():
        return _show(request, production_get(user, production_id), result=form, status=400)
    given = form.cleaned_data
    seen = Seen(given["accepted"], given["file_sha256"], given["comment"])
    try:
        production_review(user=user, production_id=production_id, seen=seen)
    except RakkanError as error:
        if error.code == "reauthentication-needed":
            back = reverse("production", args=[production_id]) + "#review"
            return redirect(f"{reverse('confirm')}?{urlencode({'next': back})}")
        production = production_get(user, production_id)
        return _show(request, production, error=error, status=error.status, result=form)
    return redirect("production", production_id)


@act_page("production", "production_id")
@page
def production_preview(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Have a preview drawn."""
    user = user_of(request)
    return _act(
        request, production_id, lambda: preview_request(user=user, production_id=production_id)
    )


def _act(request: HttpRequest, production_id: UUID, service: Any, **context: Any) -> HttpResponse:
    try:
        service()
    except RakkanError as error:
        production = production_get(user_of(request), production_id)
        return _show(request, production, error=error, status=error.status, **context)
    return redirect("production", production_id)


def _show(
    request: HttpRequest, production: Production, *, status: int = 200, **context: Any
) -> HttpResponse:
    reading_note(user=user_of(request), shown=[production])
    typed = _typed(request, production)
    form = DecisionForm(initial={**typed, "request_digest": production.request_digest})
    moves = _moves(user_of(request), production)
    context = _facts(production) | moves | {"form": form, "typed": bool(typed)} | context
    return render(request, "productions/detail.html", context, status=status)


def _facts(production: Production) -> dict[str, Any]:
    release, report = release_of(production.pk), gate_report_newest(production.pk)
    workflow = workflow_of(production.pk)
    steps = steps_of(workflow) if workflow else []
    rendering = getattr(production, "rendering", None)
    draft = State(production.state) is State.DRAFT
    voice, behind = measured_apart(getattr(production, "voice_measurement", None))
    return {
        "production": production,
        "language_next": reverse("production", args=[production.pk]),
        "steps": timeline(production),
        "voice": voice,
        "behind": behind,
        "portrait": getattr(production.likeness, "measurement", None),
        "consent": production.consent or (consents_at_hand(production)[0] if draft else None),
        "voice_consent": production.voice_consent
        or (consents_at_hand(production)[1] if draft else None),
        "gaps": gaps_of(production) if draft else [],
        "workflow": workflow,
        "approval": steps,
        "open_steps": [step.name for step in steps if step.waits],
        "prompt_report": prompt_report_of(production),
        "rendering": rendering,
        "release": release,
        "captions": captions_of(release) if release else None,
        "captions_lacking": captions_lacking(production),
        "status_url": status_url(release.asset_id) if release else "",
        "gate": report.checks if report else [],
        "progress": production_progress(production),
        "version": _version(production),
    }


def _moves(user: User, production: Production) -> dict[str, Any]:
    """Return which buttons to show; whether they work, the services decide."""
    own = production.requester_id == user.pk
    state = State(production.state)
    waiting = state is State.IN_APPROVAL
    panel = preview_panel(user, production)
    seen = panel.report if panel else []
    return {
        **({"prompt_report": seen} if seen else {}),
        "preview": panel,
        "review": review_panel(user, production),
        "result": ResultForm(),
        "moving": _moving(production) or (panel is not None and panel.state == "drawing"),
        "can_submit": own and state is State.DRAFT,
        "can_cancel": own and state not in FINAL and state is not State.RELEASED,
        "can_redraft": own and state in FINAL,
        "can_decide": waiting and production in queries.productions_to_approve(user),
        "delegators": [row.from_user for row in delegations_live(user)] if waiting else [],
        "comparisons": scope_comparisons(production) if waiting else [],
        "changes": changes_of(production) if waiting else None,
    }


def _moving(production: Production) -> bool:
    """Say whether a machine is at work, so that the page looks again by itself."""
    measuring = getattr(production, "voice_measurement", None) is None
    return OWNERS[State(production.state)] not in _PEOPLE or (
        measuring and State(production.state) is State.DRAFT
    )


def _version(production: Production) -> str:
    measured = getattr(production, "voice_measurement", None) is not None
    preview = PreviewPanel(preview_newest(production.pk)).state
    return f"{production.state}-{'measured' if measured else 'measuring'}-{preview}"


@require_safe
@page
def production_live(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Answer the page's script: which version of the page is current, and how far is it?"""
    production = production_get(user_of(request), production_id)
    progress = production_progress(production)
    stage = word("stage", progress["stage"])
    return JsonResponse({**progress, "stage": stage, "version": _version(production)})
