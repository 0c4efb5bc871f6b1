from django.db import migrations, models

import yingheng.common.ids
from yingheng.audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("audit", "0001_initial"),
        ("audit", "0002_insert_only"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Chain",
            fields=[
                ("name", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("length", models.PositiveBigIntegerField(default=0)),
                ("head", models.CharField(default="", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("chain", models.CharField(max_length=255)),
                ("sequence", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                ("actor_id", models.CharField(blank=True, max_length=64)),
                ("actor_name", models.CharField(blank=True, max_length=150)),
                ("action", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=255)),
                ("scope", models.CharField(blank=True, max_length=255)),
                ("before_text", models.TextField(blank=True)),
                ("after_text", models.TextField(blank=True)),
                ("reason", models.TextField(blank=True)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["action", "-id"], name="audit_entry_action"),
                    models.Index(fields=["subject", "-id"], name="audit_entry_subject"),
                    models.Index(fields=["actor_id", "-id"], name="audit_entry_actor"),
                    models.Index(fields=["scope", "-id"], name="audit_entry_scope"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "sequence"), name="audit_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(
                                ("action__endswith", ".overrule"),
                                ("action__endswith", ".restrict"),
                                ("action__endswith", ".revoke"),
                                ("action__endswith", ".deactivate"),
                                ("action__endswith", ".reopen"),
                                _connector="OR",
                                _negated=True,
                            ),
                            _connector="OR",
                        ),
                        name="audit_entry_reason",
                    ),
                    models.CheckConstraint(condition=models.Q(("sequence__gte", 1)), name="audit_entry_sequence"),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
