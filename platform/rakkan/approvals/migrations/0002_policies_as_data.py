"""Policies with lists and quorums, forbidden uses; steps and decisions grow to match.

An organisation that had steps keeps them, as a policy named "default" that matches everything.
"""

import uuid
from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models import Q

_PURPOSES = [
    "product_briefing",
    "internal_training",
    "internal_news",
    "customer_support",
    "marketing",
    "recruitment",
]
_CHANNELS = ["intranet", "website", "social_media", "events", "broadcast"]
_TERRITORIES = ["WORLD", "JP", "EU", "US", "CN", "GB", "KR", "SG", "AU"]
_CLASSES = ["adult", "public_official", "minor", "deceased"]
_KNOWN_WORDS = Q(
    purposes__contained_by=_PURPOSES,
    channels__contained_by=_CHANNELS,
    territories__contained_by=_TERRITORIES,
    person_classes__contained_by=_CLASSES,
)


def _words(*, size: int = 40, blank: bool = False) -> Any:
    base = models.CharField(max_length=size)
    return django.contrib.postgres.fields.ArrayField(
        base_field=base, blank=blank, default=list, size=None
    )


def _key() -> Any:
    return models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)


def _to(target: str, related_name: str | None = None, *, null: bool = False) -> Any:
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=target,
    )


def _rule(*own: tuple[str, Any]) -> list[tuple[str, Any]]:
    lists = ("purposes", "channels", "territories", "person_classes")
    return [
        ("id", _key()),
        *((name, _words(blank=True)) for name in lists),
        ("active", models.BooleanField(default=True)),
        *own,
        ("organisation", _to("accounts.organisation")),
    ]


def _keep_steps(apps: Any, _: Any) -> None:
    policies, steps = (
        apps.get_model("approvals", name).objects for name in ("Policy", "PolicyStep")
    )
    for organisation in steps.values_list("organisation", flat=True).distinct().order_by():
        policy = policies.create(organisation_id=organisation, name="default")
        steps.filter(organisation=organisation).update(policy=policy)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("approvals", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Policy",
            fields=_rule(
                ("name", models.CharField(max_length=60)),
                ("priority", models.SmallIntegerField(default=0)),
            ),
            options={"ordering": ["-priority", "name"]},
        ),
        migrations.CreateModel(
            name="ForbiddenUse",
            fields=_rule(
                ("rule", models.CharField(max_length=60)),
                ("reason_en", models.CharField(max_length=300)),
                ("reason_ja", models.CharField(max_length=300)),
            ),
            options={"ordering": ["rule"]},
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.UniqueConstraint(
                fields=("organisation", "name"), name="policy_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(condition=_KNOWN_WORDS, name="policy_known_words"),
        ),
        migrations.AddConstraint(
            model_name="forbiddenuse",
            constraint=models.UniqueConstraint(
                fields=("organisation", "rule"), name="forbidden_use_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="forbiddenuse",
            constraint=models.CheckConstraint(
                condition=_KNOWN_WORDS, name="forbidden_use_known_words"
            ),
        ),
        migrations.RemoveConstraint(model_name="policystep", name="policy_step_place"),
        migrations.RenameField(model_name="policystep", old_name="order", new_name="stage"),
        migrations.AlterModelOptions(name="policystep", options={"ordering": ["stage", "name"]}),
        migrations.AddField(
            model_name="policystep",
            name="quorum",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="policystep",
            name="policy",
            field=_to("approvals.policy", "steps", null=True),
        ),
        # Else the rows below would leave checks pending, and a table with those is not altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RunPython(_keep_steps, migrations.RunPython.noop),
        migrations.RemoveField(model_name="policystep", name="organisation"),
        migrations.AlterField(
            model_name="policystep", name="policy", field=_to("approvals.policy", "steps")
        ),
        migrations.AddConstraint(
            model_name="policystep",
            constraint=models.UniqueConstraint(fields=("policy", "name"), name="policy_step_once"),
        ),
        migrations.AddConstraint(
            model_name="policystep",
            constraint=models.CheckConstraint(
                condition=Q(quorum__gte=1), name="policy_step_quorum"
            ),
        ),
        migrations.RemoveConstraint(model_name="workflowstep", name="workflow_step_place"),
        migrations.RenameField(model_name="workflowstep", old_name="order", new_name="stage"),
        migrations.AlterModelOptions(name="workflowstep", options={"ordering": ["stage", "name"]}),
        migrations.AddField(
            model_name="workflowstep",
            name="quorum",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddConstraint(
            model_name="workflowstep",
            constraint=models.UniqueConstraint(
                fields=("workflow", "name"), name="workflow_step_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="workflowstep",
            constraint=models.CheckConstraint(
                condition=Q(quorum__gte=1), name="workflow_step_quorum"
            ),
        ),
        migrations.AddField("workflow", "policies", _words(size=60)),
        migrations.AddField("workflow", "purpose", models.CharField(default="", max_length=40)),
        migrations.AddField("workflow", "channels", _words()),
        migrations.AddField("workflow", "territories", _words()),
        migrations.AddField(
            "workflow", "person_class", models.CharField(default="adult", max_length=20)
        ),
        migrations.AlterField(
            model_name="decision",
            name="step",
            field=_to("approvals.workflowstep", "decisions"),
        ),
        migrations.AlterField(
            model_name="decision",
            name="verdict",
            field=models.CharField(
                choices=[("approve", "approve"), ("reject", "reject"), ("changes", "changes")],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=Q(verdict__in=["approve", "reject", "changes"]),
                name="decision_known_verdict",
            ),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="decision",
            name="decision_fits_workflow",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="decision_fits_workflow",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    PERFORM 1 FROM approvals_workflow WHERE id = NEW.workflow_id FOR UPDATE;\n                    IF NOT EXISTS (\n                        SELECT 1 FROM approvals_workflow w\n                        JOIN approvals_workflowstep s ON s.workflow_id = w.id\n                        WHERE w.id = NEW.workflow_id AND s.id = NEW.step_id\n                          AND w.requester_id = NEW.requester_id\n                          AND w.depicted_id = NEW.depicted_id\n                          AND w.subject_digest = NEW.subject_digest\n                          AND NEW.decided_at < w.expires_at AND now() < w.expires_at\n                          AND NOT EXISTS (\n                              SELECT 1 FROM approvals_decision d\n                              WHERE d.workflow_id = w.id AND d.verdict <> 'approve'\n                          )\n                          AND s.quorum > (\n                              SELECT COUNT(*) FROM approvals_decision d WHERE d.step_id = s.id\n                          )\n                          AND NOT EXISTS (\n                              SELECT 1 FROM approvals_workflowstep e\n                              WHERE e.workflow_id = w.id AND e.stage < s.stage\n                                AND e.quorum > (\n                                    SELECT COUNT(*) FROM approvals_decision d\n                                    WHERE d.step_id = e.id\n                                )\n                          )\n                    ) THEN\n                        RAISE EXCEPTION 'the decision does not fit its workflow'\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                    RETURN NEW;\n                    ",
                    hash="21151646a17d128460650a328195177d6d3243a5",
                    operation="INSERT",
                    pgid="pgtrigger_decision_fits_workflow_2e660",
                    table="approvals_decision",
                    when="BEFORE",
                ),
            ),
        ),
    ]
