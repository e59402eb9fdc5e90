"""Make the demo's organisation and accounts; refused in production."""

import base64
import hashlib
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rakkan.accounts.roles import STRONG, Role
from rakkan.accounts.services import organisation_ensure, totp_ensure, user_ensure
from rakkan.approvals.services import Match, Reason, forbidden_use_ensure, policy_ensure

ORGANISATION = "Demo Corporation"
ACCOUNTS = {
    "requester": ("requester@demo.example", "Rei Requester", Role.REQUESTER),
    "person": ("person@demo.example", "Dana Depicted", Role.DEPICTED_PERSON),
    "reviewer": ("reviewer@demo.example", "Ido Identity", Role.IDENTITY_REVIEWER),
    "approver": ("approver@demo.example", "Lee Legal", Role.APPROVER),
    "auditor": ("auditor@demo.example", "Aki Auditor", Role.AUDITOR),
    "operator": ("operator@demo.example", "Oki Operator", Role.OPERATOR),
    "administrator": ("administrator@demo.example", "Ada Administrator", Role.ADMINISTRATOR),
}


class Command(BaseCommand):
    """Idempotent: a second run changes nothing but the passwords it is given."""

    help = "Make the demo accounts and print them as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the password all demo accounts share."""
        parser.add_argument("--password", required=True)

    def handle(self, *_: Any, **options: Any) -> None:
        """Make organisation, policy, a forbidden use and accounts."""
        if settings.RAKKAN_ENV == "production":
            raise CommandError("Demo accounts are never made in production.")
        organisation = organisation_ensure(name=ORGANISATION)
        policy_ensure(organisation=organisation, steps=["legal"])
        forbidden_use_ensure(
            organisation=organisation,
            rule="no-marketing-with-minors",
            match=Match(purposes=("marketing",), person_classes=("minor",)),
            reason=Reason(
                "Minors are not shown in marketing.",
                "未成年者をマーケティングに起用することはできません。",
            ),
        )
        accounts = {}
        for key, (email, name, role) in ACCOUNTS.items():
            user = user_ensure(
                organisation=organisation,
                email=email,
                name=name,
                password=options["password"],
                roles=(role,),
            )
            accounts[key] = {"email": email, "password": options["password"], "role": role.value}
            if role in STRONG:
                secret = _secret(email, options["password"])
                totp_ensure(user=user, secret=secret)
                accounts[key]["totp_secret"] = secret
        self.stdout.write(json.dumps({"organisation": ORGANISATION, "accounts": accounts}))


def _secret(email: str, password: str) -> str:
    """Return the same secret in every run, known to whoever knows the demo's password."""
    digest = hashlib.sha256(f"{email} {password}".encode()).digest()
    return base64.b32encode(digest[:20]).decode()
