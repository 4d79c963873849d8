from django.db import migrations, models


class Migration(migrations.Migration):
    """Files that are read in leave a row as pulls do."""

    dependencies = [
        ("authorizations", "0002_file_time_zone"),
        ("greenbutton", "0002_customer_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="pull",
            name="source",
            field=models.CharField(
                choices=[("utility", "Utility"), ("upload", "Upload"), ("command", "Command")],
                default="utility",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="pull",
            name="file_name",
            field=models.CharField(blank=True, max_length=100, default=""),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="pull",
            index=models.Index(
                condition=models.Q(("source", "upload"), ("state", "running")),
                fields=["authorization"],
                name="uploads_to_read",
            ),
        ),
    ]
