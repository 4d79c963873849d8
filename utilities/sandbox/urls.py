"""The addresses of the sandbox: its pages for people, and the platform's for machines."""

from django.urls import include, path, re_path, register_converter

from utilities.sandbox.programmes import Programme, all_programmes
from utilities.sandbox.views import (
    authorizations,
    consent,
    docs,
    home,
    metadata,
    resources,
    revoke,
    test_submit,
    token,
)
from utilities.sandbox.views.authenticate import authenticate, begin, passcode


class ProgrammeConverter:
    """A utility's slug; an unknown one is no address of ours."""

    regex = "[a-z0-9]+"

    def to_python(self, value: str) -> Programme:
        try:
            return all_programmes()[value]
        except KeyError as e:
            raise ValueError from e

    def to_url(self, value: Programme) -> str:
        return value.slug


class UidConverter:
    """The name of a row, as `models.new_uid` makes it."""

    regex = "[0-9a-f]{34}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ProgrammeConverter, "programme")
register_converter(UidConverter, "uid")

handler400 = "utilities.sandbox.views.errors.bad_request"
handler404 = "utilities.sandbox.views.errors.not_found"
handler500 = "utilities.sandbox.views.errors.broken"

oauth = [
    path("authorize", begin.authorize, name="authorize"),
    path("token", token.token, name="token"),
    path("revoke", revoke.revoke, name="revoke"),
]
espi = [
    path("ReadServiceStatus", resources.service_status, name="service-status"),
    path("Authorization", authorizations.authorizations, name="authorizations"),
    path("Authorization/<uid:uid>", authorizations.authorization, name="authorization"),
    path("Subscription/<uid:uid>/<path:below>", resources.usage, name="usage"),
    path("RetailCustomer/<uid:uid>/<path:below>", resources.customer, name="customer"),
    re_path(r"^(?P<below>(?:ReadingType|LocalTimeParameters)(?:/[^/]+)?)$", resources.companion),
    path("Batch/Subscription/<uid:uid>", resources.usage_batch, name="subscription"),
    path("Batch/Subscription/<uid:uid>/<path:below>", resources.usage_batch),
    path("Batch/RetailCustomer/<uid:uid>", resources.customer_batch, name="retail-customer"),
    path("Batch/RetailCustomer/<uid:uid>/<path:below>", resources.customer_batch),
    path("Batch/Bulk/<uid:uid>", resources.bulk, name="bulk"),
    # Where the platform has it, without Batch.
    path("Bulk/<uid:uid>", resources.bulk),
]
flow = [
    path("authenticate/", authenticate.show, name="authenticate"),
    path("authenticate/check/", authenticate.check, name="authenticate-check"),
    path("passcode/", passcode.show, name="passcode"),
    path("passcode/check/", passcode.check, name="passcode-check"),
    path("passcode/again/", passcode.again, name="passcode-again"),
    path("consent/", consent.show, name="consent"),
    path("consent/decide/", consent.decide, name="consent-decide"),
    path("cancel/", consent.cancel, name="cancel"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("health/", home.health, name="health"),
    path("DataCustodian/<programme:programme>/oauth/", include(oauth)),
    path(
        "DataCustodian/<programme:programme>/test-submit",
        test_submit.test_submit,
        name="test-submit",
    ),
    # RFC 8414 §3 puts the well-known part before the issuer's path; OpenID Connect's discovery, and
    # libraries that grew up with it, behind.
    path(
        ".well-known/oauth-authorization-server/DataCustodian/<programme:programme>",
        metadata.metadata,
        name="metadata",
    ),
    path(
        "DataCustodian/<programme:programme>/.well-known/oauth-authorization-server",
        metadata.metadata,
    ),
    path("DataCustodian/espi/1_1/resource/", include(espi)),
    path("<programme:programme>/", home.landing, name="landing"),
    path("<programme:programme>/docs/", docs.docs, name="docs"),
    path("<programme:programme>/receipt/<uid:uid>/", consent.receipt, name="receipt"),
    path("<programme:programme>/share/<uid:uid>/", include(flow)),
]
