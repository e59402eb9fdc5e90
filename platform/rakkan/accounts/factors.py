"""Second factors as allauth stores them: secrets encrypted, codes tied to their period."""

import base64
from dataclasses import dataclass

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import STRONG
from rakkan.core.errors import NotPermitted

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in


class FactorAdapter(DefaultMFAAdapter):
    """Encrypts TOTP secrets with a key of their own, derived from the installation's."""

    def encrypt(self, text: str) -> str:
        """Return what is stored of a secret."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret of what is stored."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    key = HKDF(SHA256(), length=32, salt=None, info=b"rakkan second factors")
    return Fernet(base64.urlsafe_b64encode(key.derive(settings.SECRET_KEY.encode())))


@dataclass(frozen=True, slots=True)
class Factors:
    """How somebody can prove more than a password; false when they cannot."""

    app: bool
    passkeys: list[Authenticator]
    recovery_codes: int

    def __bool__(self) -> bool:
        """Say whether there is a second factor; recovery codes alone are none."""
        return self.app or bool(self.passkeys)


def factors_of(user: User) -> Factors:
    """Return what a user has set up."""
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    of = {kind: [row for row in rows if row.type == kind] for kind in Authenticator.Type}
    codes = of[Authenticator.Type.RECOVERY_CODES]
    left = len(codes[0].wrap().get_unused_codes()) if codes else 0
    return Factors(bool(of[Authenticator.Type.TOTP]), of[Authenticator.Type.WEBAUTHN], left)


def must_set_up_a_factor(user: User) -> bool:
    """Say whether a user's role demands a second factor that they do not have."""
    return bool(user_roles(user) & STRONG) and not has_second_factor(user)


def check_second_factor(user: User) -> None:
    """Let pass whoever has the factors that their roles demand.

    Raises:
        NotPermitted: a second factor is missing.
    """
    if must_set_up_a_factor(user):
        raise NotPermitted(
            "Your role demands a second factor, and this account has none yet.",
            code="second-factor-missing",
            remedy="Sign in on the site and set up an authenticator app or a passkey.",
        )


def has_second_factor(user: User) -> bool:
    """Say whether a user has set up TOTP or a passkey."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def totp_secret(user: User) -> str | None:
    """Return a user's TOTP secret, if they have one."""
    stored = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return FactorAdapter().decrypt(stored.data["secret"]) if stored else None


def totp_steps_now() -> list[int]:
    """Return the periods whose codes are taken now, the current one first."""
    now = int(timezone.now().timestamp()) // settings.MFA_TOTP_PERIOD
    around = range(1, settings.MFA_TOTP_TOLERANCE + 1)
    return [now, *(now + side * far for far in around for side in (-1, 1))]


def totp_code(secret: str, step: int) -> str:
    """Return the code of a period (RFC 6238)."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, step)))


def totp_step_of(secret: str, code: str) -> int | None:
    """Return the period that a code belongs to, if it is taken now."""
    given = "".join(code.split())
    for step in totp_steps_now():
        if constant_time_compare(totp_code(secret, step), given):
            return step
    return None
