"""Read once more what a pull kept, and all that came after it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from greenbutton.display.story import in_words
from greenbutton.ingest.replay import ReplayError, ask, replay_asked
from greenbutton.models import Pull


class Command(BaseCommand):
    """`manage.py replay_pull UID`."""

    help = (
        "Read again the feeds that a pull kept, and those that came after it: for a reader that "
        "was mended. Nothing is fetched, and what is stored already changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("uid", metavar="UID", help="Of the pull, as its staff page shows it.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay, and tell it step by step; the exit code is 1 if something could not be read."""
        pull = Pull.objects.filter(uid=options["uid"]).first()
        if pull is None:
            raise CommandError(f"There is no pull {options['uid']}. Staff pages list their uids.")
        try:
            asked = ask(pull)
        except ReplayError as e:
            raise CommandError(str(e)) from e
        done = replay_asked(asked.authorization)
        if done is None:
            self.stdout.write("Another worker is at this authorization, and will do it after that.")
            return
        for sentence in in_words(done):
            self.stdout.write(sentence)
        if done.state != Pull.State.DONE:
            raise CommandError(done.error)
