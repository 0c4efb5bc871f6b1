from django.db import migrations, models

from yingheng.phantomqc import triggers


def install(apps, schema_editor):
    """Altering a table takes its triggers away in SQLite."""
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('phantomqc', '0003_instrument_readings'),
    ]

    operations = [
        migrations.AddField(
            model_name='phantomcase',
            name='asked_reason',
            field=models.TextField(blank=True, default='', help_text='why a person had it analysed anew'),
        ),
        migrations.AddField(
            model_name='phantomcase',
            name='trial',
            field=models.JSONField(default=dict, help_text='what the tests tried on it said: see services.trying'),
        ),
        migrations.AddField(
            model_name='phantomrun',
            name='asked_reason',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
