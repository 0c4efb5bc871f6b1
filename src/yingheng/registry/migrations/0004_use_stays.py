from django.db import migrations

from yingheng.registry import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_use_history")]

    operations = [migrations.RunPython(install, remove)]
