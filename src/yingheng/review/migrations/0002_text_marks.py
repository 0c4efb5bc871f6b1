import django.db.models.deletion
from django.db import migrations, models

from yingheng.review import triggers


def install(apps, schema_editor):
    """A table that is built anew on SQLite loses its triggers."""
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_squashed_0009_exam_is_phantom"),
        ("review", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="mark",
            name="instance",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.instance"
            ),
        ),
        migrations.AlterField(
            model_name="mark",
            name="series",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.series"
            ),
        ),
        migrations.AlterField(
            model_name="mark",
            name="shape",
            field=models.JSONField(
                help_text='{"kind": "point" | "rect" | "arrow", "points"} or {"kind": "text", "part", "start", "end"}'
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("instance__isnull", True), ("series__isnull", True), ("shape__kind", "text")),
                    models.Q(
                        models.Q(("shape__kind", "text"), _negated=True),
                        ("instance__isnull", False),
                        ("series__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="review_mark_place",
            ),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
