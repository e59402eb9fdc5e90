"""The platform's errors: each has a stable code; "yours" and "ours" have different bases."""


class RakkanError(Exception):
    """Base of every error the platform raises on purpose.

    Attributes:
        code: stable, kebab-case; what callers and translations rely on.
        status: the HTTP status it becomes at the edge.
        remedy: one sentence that says what to do next.
    """

    code = "error"
    status = 500

    def __init__(
        self, message: str, *, code: str | None = None, remedy: str = "", status: int | None = None
    ) -> None:
        """Keep the message and, where given, a more precise code, remedy and status."""
        super().__init__(message)
        self.code = code or type(self).code
        self.remedy = remedy
        self.status = status or type(self).status


class Refused(RakkanError):
    """The act is not allowed as asked: the caller's side, and audited as such."""

    code = "refused"
    status = 409


class NotPermitted(Refused):
    """The acting user may not do this, whatever the state."""

    code = "not-permitted"
    status = 403


class BadInput(Refused):
    """What was sent cannot be used."""

    code = "bad-input"
    status = 400


class NotFound(Refused):
    """There is no such thing, or not for this user: the two are not told apart."""

    code = "not-found"
    status = 404


class Unavailable(RakkanError):
    """A part of the platform does not work at the moment: our side, try again."""

    code = "unavailable"
    status = 503


class Damaged(RakkanError):
    """Something stored is not what it was: our side, and trying again cannot help."""

    code = "damaged"
    status = 500
