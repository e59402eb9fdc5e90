"""Second factors as allauth stores them: secrets encrypted, codes tied to their period."""

import base64

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
