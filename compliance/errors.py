"""The errors of this package, each with a stable code that callers and translations rely on."""


class ComplianceError(Exception):
    """Base of every error raised here.

    Attributes:
        code: stable, kebab-case, safe to show and to translate.
        remedy: one sentence that says what to do next.
    """

    code = "compliance-error"

    def __init__(self, message: str, *, code: str | None = None, remedy: str = "") -> None:
        """Keep the message, an optional more precise code and the remedy."""
        super().__init__(message)
        self.code = code or type(self).code
        self.remedy = remedy


class InvalidInput(ComplianceError):
    """What was given cannot be used: the caller's fault."""

    code = "invalid-input"


class SignatureInvalid(ComplianceError):
    """A signed statement is not what its signer signed, or nobody we trust signed it."""

    code = "signature-invalid"


class PermitInvalid(ComplianceError):
    """A permit is forged, expired, of another kind, or for other inputs."""

    code = "permit-invalid"


class LedgerInvalid(ComplianceError):
    """A tile, checkpoint, proof or export of the log is malformed, or does not fit the rest."""

    code = "ledger-invalid"


class RakkanDevelopmentWarning(UserWarning):
    """A part meant for development only is in use; start-up refuses it in production."""
