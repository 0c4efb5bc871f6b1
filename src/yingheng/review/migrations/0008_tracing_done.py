"""When an action was shown to be done is kept, so that what was late is told from what was in time."""

from django.db import migrations, models
from django.db.models import F


def taken_over(apps, schema_editor):
    """Of those done before: when they changed last, which was not before they were done."""
    rows = apps.get_model("review", "Tracing").objects.filter(done_at=None)
    rows.filter(state="done").update(done_at=F("changed_at"))
    rows.filter(state="closed").update(done_at=F("closed_at"))


class Migration(migrations.Migration):
    dependencies = [("review", "0007_announced")]

    operations = [
        migrations.AddField(
            model_name="tracing",
            name="done_at",
            field=models.DateTimeField(help_text="when what shows the action was given", null=True),
        ),
        migrations.RunPython(taken_over, migrations.RunPython.noop),
    ]
