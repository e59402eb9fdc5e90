"""Organisations, users and memberships."""

from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from rakkan.accounts import triggers
from rakkan.accounts.endings import INVITATION_LASTS, Ending
from rakkan.accounts.methods import Method
from rakkan.accounts.roles import LONGEST_AUDIT, Role
from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through


class Organisation(IdModel):
    """A tenant: the controller, in the words of data protection."""

    name = models.CharField(max_length=120, unique=True)

    tenant: ClassVar = Own("id")

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users who sign in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password nobody can sign in with one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(IdModel, AbstractBaseUser):
    """Somebody who signs in. There are no superusers: no role may bypass the workflow."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="users")
    is_active = models.BooleanField(default=True)

    tenant: ClassVar = Own()

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        """An organisation that has an administrator keeps one who can sign in."""

        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="user_last_administrator",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__is_active=True, new__is_active=False),
                func=pgtrigger.Func(triggers.ADMINISTRATOR_STAYS_ACTIVE),
            )
        ]

    def __str__(self) -> str:
        """Return the address."""
        return self.email


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, by whether they count."""

    def live(self, at: datetime | None = None) -> "MembershipQuerySet":
        """Return those that count now: not ended, and within their term to the moment."""
        moment = at or timezone.now()
        return self.open().filter(Q(valid_until=None) | Q(valid_until__gt=moment))

    def open(self) -> "MembershipQuerySet":
        """Return those that nobody ended; the term of some may have run out."""
        return self.filter(end=None)


class Membership(IdModel):
    """A role a user was given in their organisation; its end is a row of its own."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=[(r.value, r.value) for r in Role])
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(  # nobody: when the organisation was set up
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    valid_until = models.DateTimeField(null=True, blank=True)

    tenant: ClassVar = Through("user")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        """A known role, by somebody else, with the term it takes; held once, none that clash."""

        ordering: ClassVar = ["granted_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="membership_known_role"
            ),
            models.CheckConstraint(
                condition=~Q(granted_by=F("user")), name="membership_by_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("granted_at")),
                name="membership_term_has_length",
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.AUDITOR.value)
                | Q(valid_until__isnull=False, valid_until__lte=F("granted_at") + LONGEST_AUDIT),
                name="membership_auditor_has_a_term",
            ),
            models.CheckConstraint(  # or the last one would go by itself
                condition=~Q(role=Role.ADMINISTRATOR.value) | Q(valid_until=None),
                name="membership_administrator_has_none",
            ),
        ]
        triggers: ClassVar = [
            *append_only("membership"),
            pgtrigger.Trigger(
                name="membership_fits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.MEMBERSHIP_FITS),
            ),
        ]

    def __str__(self) -> str:
        """User and role."""
        return f"{self.user_id}: {self.role}"


class MembershipEnd(IdModel):
    """A role was taken away, or its term had run out when another was given."""

    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="end")
    ended_at = models.DateTimeField()
    ended_by = models.ForeignKey(  # nobody: its term had run out
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    tenant: ClassVar = Through("membership")

    class Meta:
        """By an administrator, not by oneself; an organisation keeps its last administrator."""

        triggers: ClassVar = [
            *append_only("membership_end"),
            pgtrigger.Trigger(
                name="membership_end_fits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.MEMBERSHIP_END_FITS),
            ),
        ]

    def __str__(self) -> str:
        """Membership and time."""
        return f"{self.membership_id} at {self.ended_at:%Y-%m-%d %H:%M}"


class StrongAuthentication(IdModel):
    """A moment at which a user proved more than a password: what decisions ask for."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=10, choices=[(m.value, m.value) for m in Method])
    totp_step = models.BigIntegerField(null=True)  # the 30 s period whose code was used (RFC 6238)
    authenticated_at = models.DateTimeField()
    sign_in = models.CharField(max_length=50, db_default="", blank=True)  # where: it counts there

    tenant: ClassVar = Through("user")

    class Meta:
        """A code is used once, whichever process sees it first."""

        indexes: ClassVar = [models.Index(fields=["user", "authenticated_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "totp_step"], name="totp_code_used_once"),
            models.CheckConstraint(
                condition=Q(method__in=[m.value for m in Method]), name="strong_known_method"
            ),
            models.CheckConstraint(
                condition=Q(method=Method.TOTP.value, totp_step__isnull=False)
                | ~Q(method=Method.TOTP.value) & Q(totp_step__isnull=True),
                name="totp_names_its_step",
            ),
        ]
        triggers: ClassVar = append_only("strong_authentication")

    def __str__(self) -> str:
        """User, method and moment."""
        return f"{self.user_id}: {self.method} at {self.authenticated_at}"


class Invitation(IdModel):
    """Somebody was asked to join with a role; the link that was sent is known by its hash only."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    role = models.CharField(max_length=30, choices=[(r.value, r.value) for r in Role])
    role_until = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=5, default="en")  # of the message
    invited_by = models.ForeignKey(  # nobody: when the organisation was set up
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token_hash = models.CharField(max_length=64, unique=True)

    tenant: ClassVar = Own()

    class Meta:
        """It is over after a week, and asks for a known role."""

        ordering: ClassVar = ["-invited_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="invitation_known_role"
            ),
            models.CheckConstraint(
                condition=Q(
                    expires_at__gt=F("invited_at"),
                    expires_at__lte=F("invited_at") + INVITATION_LASTS,
                ),
                name="invitation_lasts_a_week",
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.AUDITOR.value) | Q(role_until__isnull=False),
                name="invitation_auditor_has_a_term",
            ),
        ]
        triggers: ClassVar = append_only("invitation")

    def __str__(self) -> str:
        """Role and end."""
        return f"{self.role} until {self.expires_at:%Y-%m-%d}"


class InvitationAddress(models.Model):
    """Where an open invitation went: deleted with its end, for it names somebody."""

    invitation = models.OneToOneField(
        Invitation, on_delete=models.PROTECT, related_name="address", primary_key=True
    )
    email = models.EmailField()

    tenant: ClassVar = Through("invitation")

    class Meta:
        """Kept as it was; it goes with the end of the invitation."""

        triggers: ClassVar = [
            pgtrigger.Protect(name="invitation_address_fixed", operation=pgtrigger.Update)
        ]

    def __str__(self) -> str:
        """Invitation."""
        return str(self.invitation_id)


class InvitationEnd(IdModel):
    """An invitation was used, taken back, sent anew or ran out: once."""

    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="end")
    kind = models.CharField(max_length=10, choices=[(e.value, e.value) for e in Ending])
    user = models.ForeignKey(  # who used it, or took it back
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    ended_at = models.DateTimeField()

    tenant: ClassVar = Through("invitation")

    class Meta:
        """Used once, and in time."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[e.value for e in Ending]), name="invitation_known_end"
            ),
            models.CheckConstraint(
                condition=Q(kind=Ending.EXPIRED.value) | Q(user__isnull=False),
                name="invitation_end_by_somebody",
            ),
        ]
        triggers: ClassVar = [
            *append_only("invitation_end"),
            pgtrigger.Trigger(
                name="invitation_used_in_time",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.INVITATION_USED_IN_TIME),
            ),
        ]

    def __str__(self) -> str:
        """Kind and time."""
        return f"{self.kind} at {self.ended_at:%Y-%m-%d %H:%M}"
