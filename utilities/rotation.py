"""Writing everything that is encrypted anew, with the newest key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast

from utilities.encrypted import EncryptedTextField, WrongKeyError, is_newest, renewed

# So many rows are locked at once: a worker that wants one of them waits for milliseconds.
BATCH = 200


@dataclass(slots=True)
class Rotated:
    """What was done, or would be: values that are renewed, and rows that no key opens."""

    values: int = 0
    unreadable: list[str] = field(default_factory=list)


def encrypted_models() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every model that has a table with encrypted columns, and those columns."""
    for model in apps.get_models():
        # Those of a parent are in the parent's table.
        own = model._meta.local_concrete_fields
        names = [one.name for one in own if isinstance(one, EncryptedTextField)]
        if names and model._meta.managed and not model._meta.proxy:
            yield model, names


def rotate(
    model: type[models.Model],
    names: list[str],
    *,
    only_count: bool = False,
    batch: int = BATCH,
    progress: Callable[[int], None] = lambda rows: None,
) -> Rotated:
    """Renew what the newest key does not open; `progress` is told of each batch, once it is kept.

    Each batch locks its rows and is a transaction of its own, so a run that is killed has lost
    nothing, and the next one passes over what is done. What no key opens is noted, and stays.
    """
    done = Rotated()
    last: Any = None
    while True:
        with transaction.atomic():
            rows = _batch(model, names, after=last, size=batch, lock=not only_count)
            for row in rows:
                _renew(model, names, row, done, only_count=only_count)
        if not rows:
            return done
        last = rows[-1][0]
        progress(len(rows))


def _batch(
    model: type[models.Model], names: list[str], *, after: Any, size: int, lock: bool
) -> list[tuple[Any, ...]]:
    """Keys and raw columns: the field itself would decrypt them."""
    raw = {f"raw_{name}": Cast(name, models.TextField()) for name in names}
    found = model._base_manager.order_by("pk")
    if after is not None:
        found = found.filter(pk__gt=after)
    if lock:
        found = found.select_for_update(of=("self",))
    return list(found.annotate(**raw).values_list("pk", *raw)[:size])


def _renew(
    model: type[models.Model],
    names: list[str],
    row: tuple[Any, ...],
    done: Rotated,
    *,
    only_count: bool,
) -> None:
    key, columns = row[0], row[1:]
    changed: dict[str, Any] = {}
    for name, stored in zip(names, columns, strict=True):
        if not stored or is_newest(stored.encode()):
            continue
        try:
            new = renewed(stored.encode()).decode("ascii")
        except WrongKeyError:
            done.unreadable.append(f"{model._meta.label} {key}: {name}")
            continue
        changed[name] = models.Value(new, output_field=models.TextField())
    done.values += len(changed)
    if changed and not only_count:
        model._base_manager.filter(pk=key).update(**changed)
