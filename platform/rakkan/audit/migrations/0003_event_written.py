"""A number in the order of writing, by which the log is numbered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_wider_actor_role"),
    ]

    operations = [
        # Older events get theirs in the order in which they lie in their table, which only grows.
        migrations.RunSQL(
            "CREATE SEQUENCE audit_event_written AS bigint",
            "DROP SEQUENCE audit_event_written",
        ),
        migrations.AddField(
            model_name="event",
            name="written",
            field=models.BigIntegerField(
                db_default=models.Func(models.Value("audit_event_written"), function="nextval"),
                editable=False,
                unique=True,
            ),
        ),
        migrations.RunSQL(
            "ALTER SEQUENCE audit_event_written OWNED BY audit_event.written",
            migrations.RunSQL.noop,
        ),
    ]
