"""Whether the utility is up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from greenbutton.espi import write_bare
from greenbutton.espi.service_status import ServiceStatus
from utilities.sandbox.models import Registration
from utilities.sandbox.refusals import accepts
from utilities.sandbox.resources.bearer import Bearer, takes, wrong_class
from utilities.sandbox.resources.responses import XML, whole


@takes("registration", "client", "access")
@accepts("GET")
def service_status(request: HttpRequest, bearer: Bearer) -> HttpResponseBase:
    """That the utility is up. The certification wants a client token; the platform takes any."""
    is_certified = bearer.registration.profile == Registration.Profile.CERTIFIED
    if is_certified and bearer.token_class != "client":  # noqa: S105 (a name of a class)
        raise wrong_class("client")
    return whole(request, write_bare(ServiceStatus(1)), XML)
