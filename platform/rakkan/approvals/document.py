"""The page about approval policies, its tables taken from the code they describe."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import models

from rakkan.approvals.models import (
    VOCABULARY,
    Decision,
    Delegation,
    ForbiddenUse,
    Policy,
    PolicyStep,
    Review,
    Workflow,
    WorkflowStep,
)
from rakkan.approvals.notices import Notice
from rakkan.approvals.progress import ENDS, Verdict
from rakkan.approvals.ruling import RuleChange, RuleChangeDecision

HEADING = """# Approval policies

Written by `python manage.py approval_policies > docs/approval-policies.md`; a test fails where page
and code differ.

An organisation says in data who has to approve what. A **policy** has four lists, a priority and
steps. An empty list means any. A request is judged part by part: each of its channels in each of
its territories (one for the whole world: in every territory). For each part, among the
policies in force that match it,

1. the one with the highest priority speaks;
2. at equal priority the most specific one, that is the one with more lists that say something;
3. where two are equal, both.

Everything that speaks to a part applies to the whole request, so that adding a harmless channel
never makes a rule go away. A step that two policies name is asked for once, at the later stage and
with the larger quorum. A part that no policy matches leaves the request without one, and **no
policy means no** (`no-policy`); so does a policy without steps.

A **forbidden use** has the same four lists. If it matches any part of a request, the request ends
at submission with the rule's name (`use-forbidden`), whoever would have approved it. A use that is
forbidden later is not dispatched any more.

Rules are versions that are never rewritten. An **administrator** proposes a policy, a newer version
of one, a forbidden use or the end of a rule, with the day it begins; **another administrator**
confirms it, after confirming that it is them, and only then it counts. Where the organisation has
had no other administrator for seven days, the one there is confirms their own proposal. A rule
that was proposed and not confirmed says nothing. No change reaches what was submitted before,
except that a use that is forbidden now is not dispatched any more.

The workflow of a request copies the steps at submission and never changes after that. Stages follow
each other; the steps of one stage are open at the same time. A step is complete when as many
different people as its quorum says have approved it. Requester, depicted person and approvers are
different people, and each approver counts once in a workflow.

Each step also says when people hear that it waits. Hours count from the moment it is open:
`remind_after` hours later every approver who could decide on it and has not is **reminded** by mail
(24 if nothing is said, 0: never), then every `remind_every` hours (24; 0: once). After
`escalate_after` hours (72; 0: never) the step is **escalated**, once: brought before the approver
whom the policy names (`escalate_to`), or before all who may decide; administrators are told which
step it is, and nothing of what it is about. It is escalated at once where fewer approvers are there
than approvals are awaited. Neither the requester nor who is seen or heard, nor anybody who ever
acted for one of these, hears of it; nobody may decide who could not before, and nothing is decided
by waiting. Of two policies that name a step, the shorter times count.

The clerk looks once a minute. With 10,000 requests in approval and three approvers a look at which
nothing is due takes 21 s, on two cores that some eight other processes kept busy meanwhile; each
request that is due adds about a second there, for three notices and three mails without the mail
server's own time (`python -m tests.benchmarks reminders`). A look writes for five seconds at most
and mails for five, because the same clerk numbers the events of the log. What there was no time for
comes a minute later, the oldest first.

An approver who is **away** says from when until when, with a **deputy** or without: another
approver of the organisation. The term can be ended early and never lengthened. Meanwhile reminders
go to the deputy, who decides in the approver's name, with the approver's one word; neither of the
two counts a second time in that workflow, and the log names both. What was delegated is not
delegated further. Without a deputy nobody is reminded in that place.

A policy also says how many people watch the finished video before its release (**reviewers**, 0 by
default; of several policies the largest number counts). They are approvers, and neither the
requester nor who is seen or heard, nor anybody who ever acted for one of these as guardian. Each
watches the sealed file and says yes or no about exactly that file, after confirming that it is
them. The last yes sends it through the gate once more; one no stops it and destroys the file. The
term of the approval goes on meanwhile.
"""

_CONSEQUENCES: Mapping[Verdict, str] = {
    Verdict.APPROVE: "counts for the step; the last one queues the render job",
    Verdict.REJECT: "ends the workflow; the production is `rejected`",
    Verdict.CHANGES: "ends the workflow, needs a comment; the production is `rejected` with "
    "the code `changes-requested`, and a new draft can be made from it",
}


def document() -> str:
    """Return the Markdown page."""
    lists = [(f"`{name}`", ", ".join(f"`{w}`" for w in ws)) for name, ws in VOCABULARY.items()]
    verdicts = [
        (f"`{v.value}`", ENDS[v].value if v in ENDS else "-", _CONSEQUENCES[v]) for v in Verdict
    ]
    parts = [
        HEADING,
        "## The lists of a rule\n",
        _table(("list", "words it may hold"), lists),
        "## What an approver can say\n",
        _table(("decision", "the workflow is then", "what follows"), verdicts),
        f"An approval lasts {_default_days()} days from submission (`RAKKAN_APPROVAL_DAYS`), "
        "decided or not.\nWhat is in approval or queued after that is stopped with "
        "`approval-expired`, and\nneither dispatch nor the release gate accepts it.\n",
        "## What the database holds to\n",
        "Each of these refuses a row whatever the program does.\n",
        _table(("table", "rule", "kind"), _rules()),
    ]
    return "\n".join(parts)


def _default_days() -> str:
    return f"{settings.RAKKAN_APPROVAL_DAYS:g}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("|" + "|".join(f" {cell} " for cell in line) + "|" for line in lines) + "\n"


def _rules() -> list[tuple[str, str, str]]:
    tables: tuple[type[models.Model], ...] = (
        Policy,
        PolicyStep,
        ForbiddenUse,
        RuleChange,
        RuleChangeDecision,
        Workflow,
        WorkflowStep,
        Delegation,
        Notice,
        Decision,
        Review,
    )
    rows = []
    for table in tables:
        meta: Any = table._meta
        name = f"`{meta.db_table}`"
        rows += [(name, f"`{rule.name}`", _kind(rule)) for rule in meta.constraints]
        rows += [(name, f"`{rule.name}`", "trigger") for rule in getattr(meta, "triggers", [])]
    return rows


def _kind(rule: models.BaseConstraint) -> str:
    return "unique" if isinstance(rule, models.UniqueConstraint) else "check"
