"""Who belongs to the organisation, with which roles and until when: an administrator's pages."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.roles import Role
from rakkan.accounts.selectors import member_get, member_of, members
from rakkan.accounts.services import role_grant, role_revoke, user_deactivate, user_reactivate
from rakkan.core.errors import BadInput
from rakkan.inspection.services import list_note, reading_note
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.forms import RoleForm


@require_safe
@page
def member_list(request: HttpRequest) -> HttpResponseBase:
    """Show every account with its roles."""
    rows = queries.page_of(request, members(user_of(request)))
    list_note(user=user_of(request), listed="people", shown=rows.object_list)
    shown = [member_of(account) for account in rows.object_list]
    return render(request, "people/list.html", {"page": rows, "members": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def member_detail(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """Show one account, every role it ever held, and give it another one."""
    user = user_of(request)
    member = member_get(user, user_id)
    reading_note(user=user, shown=[member.user])
    form = RoleForm(request.POST or None)

    def act() -> str:
        role = Role(form.cleaned_data["role"])
        role_grant(user=user, to=user_id, role=role, valid_until=form.end())
        return reverse("member", args=[user_id])

    own = member.user.pk == user.pk
    return form_page(request, "people/detail.html", form, act, member=member, own=own)


@act_page("member", "user_id")
@page
def role_taken(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """Take a role from an account (``role`` carries which)."""
    try:
        role = Role(request.POST.get("role", ""))
    except ValueError as error:
        raise BadInput("There is no such role.", code="role-unknown") from error
    role_revoke(user=user_of(request), of=user_id, role=role)
    return redirect("member", user_id)


@act_page("member", "user_id")
@page
def account_closed(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """Close an account."""
    user_deactivate(user=user_of(request), member_id=user_id)
    return redirect("member", user_id)


@act_page("member", "user_id")
@page
def account_opened(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """Open an account again."""
    user_reactivate(user=user_of(request), member_id=user_id)
    return redirect("member", user_id)
