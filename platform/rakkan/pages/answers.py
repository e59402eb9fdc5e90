"""How every page answers: signed in first, errors as a page that says what to do."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from compliance.errors import ComplianceError
from rakkan.accounts.models import User
from rakkan.core.errors import RakkanError
from rakkan.core.faults import told_outside
from rakkan.core.tenancy import as_system

View = Callable[..., HttpResponseBase]


def user_of(request: HttpRequest) -> User:
    """Return who is signed in; pages behind :func:`page` always have somebody."""
    return cast("User", request.user)


def entrance(view: View) -> View:
    """Make a view one of those that find out who somebody is, among all accounts."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with as_system():
            return view(request, *args, **kwargs)

    return answer


def open_page(view: View) -> View:
    """Make a view a page that anybody may open; errors become a page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (RakkanError, ComplianceError) as error:
            told = told_outside(error)
            return render(request, "problem.html", {"error": told}, status=told.status)

    return answer


def page(view: View) -> View:
    """Make a view a page of the site: for people who are signed in; errors become a page."""
    return login_required(open_page(view))


def act_page(name: str, argument: str = "") -> Callable[[View], View]:
    """Make a view an act: it only does what is sent to it.

    Opened without (by hand, or on the way back from the sign-in) it leads to its page.

    Args:
        name: of that page's address.
        argument: the keyword argument that the address takes, if it takes one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, **kwargs)
            return redirect(name, *([kwargs[argument]] if argument else []))

        return require_http_methods(["GET", "HEAD", "POST"])(answer)

    return decorate


def form_page(
    request: HttpRequest, template: str, form: Form, act: Callable[[], str], **context: Any
) -> HttpResponse:
    """Show a form; once a valid one is sent, act and go to the address the act returns.

    A refusal is shown above the form, which keeps what was filled in.
    """
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                return redirect(act())
            except (RakkanError, ComplianceError) as error:
                told = told_outside(error)
                context["error"], status = told, told.status
    return render(request, template, {"form": form, **context}, status=status)
