"""What is spoken is sealed under the key of who is heard as well as under that of who is seen."""

from django.db import migrations

from rakkan.productions.models import new_salt
from rakkan.vault.fields import SealedJSON, SealedText
from rakkan.vault.migrating import seal_under_both

_BOTH = "likeness.person_id&speaker.person_id"
_BOTH_IN = "production.likeness.person_id&production.speaker.person_id"


class Migration(migrations.Migration):
    dependencies = [("productions", "0010_heard")]

    operations = [
        seal_under_both(
            "productions",
            "production",
            transcript=SealedText(subject=_BOTH, blank=True),
            heard=SealedText(subject=_BOTH, blank=True, null=True),
            salt=SealedText(subject=_BOTH, default=new_salt, null=True),
            request=SealedJSON(subject=_BOTH, null=True, blank=True),
        ),
        seal_under_both(
            "productions",
            "voicemeasurement",
            findings=SealedJSON(subject=_BOTH_IN, default=list),
            facts=SealedJSON(subject=_BOTH_IN, default=dict),
        ),
    ]
