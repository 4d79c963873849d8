from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("greenbutton", "0003_file_imports")]

    operations = [
        migrations.AddField(
            "readingcorrection", "old_quality", models.SmallIntegerField(null=True)
        ),
        migrations.AddField(
            "readingcorrection", "new_quality", models.SmallIntegerField(null=True)
        ),
    ]
