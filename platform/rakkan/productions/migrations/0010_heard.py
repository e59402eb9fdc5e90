from django.db import migrations

import rakkan.vault.fields


class Migration(migrations.Migration):
    dependencies = [("productions", "0009_in_review")]

    operations = [
        migrations.AddField(
            model_name="production",
            name="heard",
            field=rakkan.vault.fields.SealedText(
                blank=True, null=True, subject="likeness.person_id"
            ),
        ),
    ]
