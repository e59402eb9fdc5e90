"""Make the demo's organisation and accounts; refused in production."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rakkan.accounts.roles import Role
from rakkan.accounts.services import organisation_ensure, user_ensure
from rakkan.approvals.services import Match, Reason, forbidden_use_ensure, policy_ensure

ORGANISATION = "Demo Corporation"
ACCOUNTS = {
    "requester": ("requester@demo.example", "Rei Requester", Role.REQUESTER),
    "person": ("person@demo.example", "Dana Depicted", Role.DEPICTED_PERSON),
    "reviewer": ("reviewer@demo.example", "Ido Identity", Role.IDENTITY_REVIEWER),
    "approver": ("approver@demo.example", "Lee Legal", Role.APPROVER),
    "auditor": ("auditor@demo.example", "Aki Auditor", Role.AUDITOR),
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
            user_ensure(
                organisation=organisation,
                email=email,
                name=name,
                password=options["password"],
                roles=(role,),
            )
            accounts[key] = {"email": email, "password": options["password"], "role": role.value}
        self.stdout.write(json.dumps({"organisation": ORGANISATION, "accounts": accounts}))
