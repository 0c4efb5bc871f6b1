from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_retention'),
    ]

    operations = [
        migrations.AddField(
            model_name='performedstep',
            name='modality',
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AlterField(
            model_name='performedstep',
            name='series',
            field=models.JSONField(default=list, help_text='of each series_uid, n_instances, description'),
        ),
    ]
