"""A utility's answer to our registration form, as the sandbox prints it for its public clients."""

from __future__ import annotations

import json
from dataclasses import dataclass

from utilities.described import Described, RegistryError
from utilities.registry import Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredClient(Described):
    """What a utility gives a company that registered; field for field as the sandbox says it."""

    utility: str
    client_id: str
    client_secret: str
    registration_access_token: str
    company_name: str
    public: bool
    status: str
    redirect_uris: list[str]
    authorize_url: str
    token_url: str
    resource_url: str
    origin: str
    notify_uri: str = ""
    issuer: str = ""
    test_submit_url: str = ""

    @property
    def endpoints(self) -> Endpoints:
        """The addresses that belong to this registration."""
        return Endpoints(
            authorize=self.authorize_url,
            token=self.token_url,
            resource=self.resource_url,
            origins=[self.origin],
            issuer=self.issuer,
            test_submit=self.test_submit_url,
        )

    def check(self) -> None:
        """Raise RegistryError where the answer cannot be taken over as it is."""
        if not self.client_id or not self.client_secret:
            raise RegistryError(f"The client of {self.utility} has no id or no secret.")
        if self.status != "sandbox":
            # Going live needs an approval and a person who says so.
            raise RegistryError(f"{self.client_id} is {self.status}; only sandbox ones are loaded.")
        self.endpoints.check(f"The client {self.client_id}")


def read_clients(text: str) -> list[RegisteredClient]:
    """The clients of `sandbox_seed --json`; raises RegistryError with a sentence."""
    try:
        values = json.loads(text)
    except ValueError as e:
        raise RegistryError(f"The sandbox's answer is not JSON: {e}") from e
    # It may name the utilities' own staff beside them, who are no concern of a third party's.
    if not isinstance(values, dict) or set(values) - {"staff"} != {"clients"}:
        raise RegistryError("The sandbox's answer must be an object with “clients”.")
    if not isinstance(values["clients"], list):
        raise RegistryError("“clients” in the sandbox's answer must be a list.")
    clients = [
        RegisteredClient.read(value, f"Client {number} of the sandbox")
        for number, value in enumerate(values["clients"], start=1)
    ]
    for client in clients:
        client.check()
    return clients
