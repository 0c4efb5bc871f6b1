from django.db import migrations

from yingheng.evidence import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    """Versions of baselines never change: what was judged names the version it rests on."""

    dependencies = [("evidence", "0006_device_tests")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
