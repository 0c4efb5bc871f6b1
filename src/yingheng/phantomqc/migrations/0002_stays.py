from django.db import migrations

from yingheng.phantomqc import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("phantomqc", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
