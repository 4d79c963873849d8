"""The addresses of the sandbox: its pages for people, and the platform's for machines."""

from django.urls import include, path, register_converter

from utilities.sandbox.programmes import Programme, all_programmes
from utilities.sandbox.views import conditions, consent, deliveries, docs, home, resources, token
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


class ClientConverter:
    """A client id, in the letters that ours are made of."""

    regex = "[A-Za-z0-9_.-]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ProgrammeConverter, "programme")
register_converter(ClientConverter, "client")
register_converter(UidConverter, "uid")

handler404 = "utilities.sandbox.views.errors.not_found"
handler500 = "utilities.sandbox.views.errors.broken"

oauth = [
    path("authorize", begin.authorize, name="authorize"),
    path("token", token.token, name="token"),
]
espi = [
    path("ReadServiceStatus", resources.service_status, name="service-status"),
    path("Authorization", resources.authorizations, name="authorizations"),
    path("Authorization/<uid:uid>", resources.authorization, name="authorization"),
    path("Batch/Subscription/<uid:uid>", resources.subscription, name="subscription"),
    path("Batch/RetailCustomer/<uid:uid>", resources.retail_customer, name="retail-customer"),
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
# Of one registration, for its owner and the utility's staff.
registration = [
    path("conditions/", conditions.show, name="conditions"),
    path("conditions/change/", conditions.change, name="conditions-change"),
    path("deliveries/", deliveries.show, name="deliveries"),
    path("deliveries/<uid:uid>/again/", deliveries.send_again, name="delivery-again"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("health/", home.health, name="health"),
    path("DataCustodian/<programme:programme>/oauth/", include(oauth)),
    path("DataCustodian/espi/1_1/resource/", include(espi)),
    path("<programme:programme>/", home.landing, name="landing"),
    path("<programme:programme>/docs/", docs.docs, name="docs"),
    path("<programme:programme>/receipt/<uid:uid>/", consent.receipt, name="receipt"),
    path("<programme:programme>/registrations/<client:client_id>/", include(registration)),
    path("<programme:programme>/share/<uid:uid>/", include(flow)),
]
