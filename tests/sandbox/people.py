"""Who comes to a registration's pages: its owner, the utility's staff, and all who must not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from tests.sandbox.walk import HOST
from utilities.sandbox.models import Registration, StaffMember


@dataclass
class Visitor:
    """Somebody in front of the pages."""

    client: Client

    @classmethod
    def named(cls, name: str, *, superuser: bool = False) -> Visitor:
        """Somebody who has signed in."""
        client = Client(headers={"host": HOST})
        client.force_login(
            User.objects.create_user(name, is_superuser=superuser, is_staff=superuser)
        )
        return cls(client)

    @classmethod
    def staff_of(cls, utility: str) -> Visitor:
        visitor = cls.named(f"{utility}_staff")
        user = User.objects.get(username=f"{utility}_staff")
        StaffMember.objects.create(user=user, utility=utility)
        return visitor

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(path, data)

    def submit(self, page: str, form: str, **data: Any) -> Any:
        """Send a form of the page, and see where it leads."""
        html = self.get(page).content.decode()
        found = re.search(rf'<form id="{form}" method="post" action="([^"]+)"', html)
        assert found, f"no form #{form} on {page}"
        return self.client.post(found[1], data, follow=True)


@dataclass
class People:
    """Ada owns the registration; Ben has his own; Cy has not signed in."""

    ada: Visitor
    ben: Visitor
    cy: Visitor
    staff: Visitor
    other_staff: Visitor
    # Of Django, which means nothing here.
    superuser: Visitor
    registration: Registration

    @classmethod
    def around(cls, client_id: str, utility: str) -> People:
        ada, ben = Visitor.named("ada"), Visitor.named("ben")
        for name in ("ada", "ben"):
            Registration.objects.create(
                utility=utility,
                client_id=client_id if name == "ada" else f"{name}_1",
                owner=User.objects.get(username=name),
                company_name=f"{name.title()}’s <Audits>",
                redirect_uris=["https://ada.example/back"],
                default_scope="FB=4_16",
            )
        return cls(
            ada,
            ben,
            Visitor(Client(headers={"host": HOST})),
            Visitor.staff_of(utility),
            Visitor.staff_of("svce" if utility == "ssmpuc" else "ssmpuc"),
            Visitor.named("root", superuser=True),
            Registration.objects.get(client_id=client_id),
        )
