"""Every address of the portal, as the URLconf has it, filled in with rows that exist.

Whatever is added to the URLconf is walked, too: a name of an argument that is not known here fails
the walk, until somebody says what stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from authorizations.models import Authorization, ShareLink
from greenbutton.models import UsagePoint
from portal.demo_site.models import Visit

_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


@dataclass(frozen=True)
class Route:
    """An address with places for arguments, and the name that the URLconf gives it."""

    path: str
    name: str
    arguments: tuple[str, ...] = field(default=())

    @property
    def is_staffs(self) -> bool:
        """Whether it is one of the staff pages, which have a walk of their own."""
        return self.path.startswith("/staff/")

    @property
    def is_allauths(self) -> bool:
        """Whether it is a page of the staff's accounts, which we did not write."""
        return self.path.startswith("/accounts/")

    def filled(self, **known: str) -> str:
        """The address itself, with these arguments."""
        return self.path.format(**known)


def routes() -> list[Route]:
    """All of the portal's, the customers' first."""
    return list(_of(get_resolver(), "/"))


def our_own() -> list[Route]:
    """Those of pages that are neither the staff's nor allauth's."""
    return [route for route in routes() if not route.is_staffs and not route.is_allauths]


def _of(resolver: URLResolver, before: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        here = before + _spelt(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            arguments = tuple(re.findall(r"{(\w+)}", here))
            yield Route(here, pattern.name or "", arguments)
        else:
            yield from _of(pattern, here)


def _spelt(pattern: str) -> str:
    """A pattern as a format string, whether it was written as a path or as an expression."""
    text = _GROUP.sub(r"{\1}", pattern).removeprefix("^").removesuffix("$")
    return _ARGUMENT.sub(r"{\1}", text)


def known_arguments(
    authorization: Authorization, link: ShareLink, meter: UsagePoint, visit: Visit | None = None
) -> dict[str, str]:
    """What stands in each place, for whoever owns this."""
    assert authorization.utility is not None
    assert authorization.client is not None
    return {
        "uid": authorization.uid,
        "slug": authorization.utility.slug,
        "code": link.code,
        "meter": meter.uid,
        "client_id": authorization.client.client_id,
        "number": "1",
        # allauth's
        "key": "no-such-key",
        "uidb36": "1",
        **({"visit": visit.uid} if visit else {}),
    }


def address_of(route: Route, known: dict[str, str]) -> str:
    """Where the route leads for these; a visit of the demo site has a uid of its own."""
    if route.path.startswith("/demo/visits/"):
        known = known | {"uid": known["visit"]}
    if route.name == "demo-notify":
        known = known | {"code": known["notify_code"]}
    return route.filled(**known)


def everything_stored() -> dict[str, str]:
    """A fingerprint of each table, to see whether anything was changed.

    Sessions are left out: looking at a page may begin one.
    """
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in sorted(set(tables) - {"django_session", "django_admin_log"}):
            name = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"  # noqa: S608
            )
            found[table] = str(cursor.fetchone()[0])
    return found
