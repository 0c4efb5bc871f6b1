from django.db import migrations, models

from yingheng.evidence import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)  # SQLite rebuilds the table, and its triggers go with the old one


class Migration(migrations.Migration):
    dependencies = [("evidence", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="measurementset",
            name="context",
            field=models.JSONField(default=dict, help_text="Context.as_dict(): what rules may ask of the subject"),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
