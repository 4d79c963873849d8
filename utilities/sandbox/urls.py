"""The addresses of the sandbox: its pages for people, and the platform's for machines."""

from django.urls import include, path, re_path, register_converter

from utilities.sandbox.programmes import Programme, all_programmes
from utilities.sandbox.views import docs, home, otp_guide
from utilities.sandbox.views.authenticating import authenticate, contact, passcode
from utilities.sandbox.views.consenting import consent
from utilities.sandbox.views.my import authorizations as my
from utilities.sandbox.views.my import sign_in
from utilities.sandbox.views.oauth import authorize, metadata, revoke, test_submit, token
from utilities.sandbox.views.registering import (
    accounts,
    application_information,
    conditions,
    deliveries,
    dynamic_registration,
    register,
    registrations,
    staff,
)
from utilities.sandbox.views.resources import authorizations, customer_data, service_status
from utilities.sandbox.views.single_sign_on import authorize as sign_on_authorize
from utilities.sandbox.views.single_sign_on import login, machines, utility


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
    """A client id, or the name of an ApplicationInformation, which ends in one."""

    regex = "[A-Za-z0-9_.-]{1,100}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ProgrammeConverter, "programme")
register_converter(UidConverter, "uid")
register_converter(ClientConverter, "client")

handler400 = "utilities.sandbox.views.errors.bad_request"
handler404 = "utilities.sandbox.views.errors.not_found"
handler500 = "utilities.sandbox.views.errors.broken"

oauth = [
    path("authorize", authorize.authorize, name="authorize"),
    path("token", token.token, name="token"),
    path("revoke", revoke.revoke, name="revoke"),
    path("register", dynamic_registration.register, name="oauth-register"),
    path("register/<client:uid>", dynamic_registration.configuration, name="client-configuration"),
]
espi = [
    path("ReadServiceStatus", service_status.service_status, name="service-status"),
    path(
        "ApplicationInformation",
        application_information.collection,
        name="application-informations",
    ),
    path(
        "ApplicationInformation/<client:uid>",
        application_information.entry,
        name="application-information",
    ),
    path("Authorization", authorizations.authorizations, name="authorizations"),
    path("Authorization/<uid:uid>", authorizations.authorization, name="authorization"),
    path("Subscription/<uid:uid>/<path:below>", customer_data.usage, name="usage"),
    path("RetailCustomer/<uid:uid>/<path:below>", customer_data.customer, name="customer"),
    re_path(
        r"^(?P<below>(?:ReadingType|LocalTimeParameters)(?:/[^/]+)?)$", customer_data.companion
    ),
    path("Batch/Subscription/<uid:uid>", customer_data.usage_batch, name="subscription"),
    path("Batch/Subscription/<uid:uid>/<path:below>", customer_data.usage_batch),
    path("Batch/RetailCustomer/<uid:uid>", customer_data.customer_batch, name="retail-customer"),
    path("Batch/RetailCustomer/<uid:uid>/<path:below>", customer_data.customer_batch),
    path("Batch/Bulk/<uid:uid>", customer_data.bulk, name="bulk"),
    # Where the platform has it, without Batch.
    path("Bulk/<uid:uid>", customer_data.bulk),
]
flow = [
    path("authenticate/", authenticate.show, name="authenticate"),
    path("authenticate/check/", authenticate.check, name="authenticate-check"),
    path("contact/", contact.show, name="contact"),
    path("contact/send/", contact.send, name="contact-send"),
    path("passcode/", passcode.show, name="passcode"),
    path("passcode/check/", passcode.check, name="passcode-check"),
    path("passcode/again/", passcode.again, name="passcode-again"),
    path("consent/", consent.show, name="consent"),
    path("consent/decide/", consent.decide, name="consent-decide"),
    path("cancel/", consent.cancel, name="cancel"),
]
# What the owner of a registration does with it.
settings = [
    path("", registrations.show, name="registration"),
    path("save/", registrations.save, name="registration-save"),
    path("secret/show/", registrations.show_secret, name="secret-show"),
    path("secret/rotate/", registrations.rotate_secret, name="secret-rotate"),
    path("token/show/", registrations.show_token, name="token-show"),
    path("token/rotate/", registrations.rotate_token, name="token-rotate"),
    path("live/", registrations.go_live, name="go-live"),
    path("sandbox/", registrations.go_back, name="go-back"),
    path("review/", registrations.ask_again, name="ask-again"),
    path("remove/", registrations.remove, name="registration-remove"),
    path("restore/", registrations.restore, name="registration-restore"),
]
# What the utility's staff decide about it.
review = [
    path("", staff.index, name="review"),
    path("<client:client_id>/", staff.show, name="review-company"),
    path("<client:client_id>/approve/", staff.approve, name="review-approve"),
    path("<client:client_id>/reject/", staff.reject, name="review-reject"),
    path("<client:client_id>/hold/", staff.hold, name="review-hold"),
    path("<client:client_id>/revoke/", staff.revoke, name="review-revoke"),
    path("<client:client_id>/live/", staff.go_live, name="review-live"),
]
# Of one registration, for its owner and the utility's staff.
upkeep = [
    path("conditions/", conditions.show, name="conditions"),
    path("conditions/change/", conditions.change, name="conditions-change"),
    path("deliveries/", deliveries.show, name="deliveries"),
    path("deliveries/<uid:uid>/again/", deliveries.send_again, name="delivery-again"),
]
my_pages = [
    path("", my.show_all, name="my-authorizations"),
    path("sign-in/", sign_in.sign_in, name="my-sign-in"),
    path("sign-out/", sign_in.sign_out, name="my-sign-out"),
    path("<uid:uid>/", my.show, name="my-authorization"),
    path("<uid:uid>/change/", my.change, name="my-change"),
    path("<uid:uid>/narrow/", my.narrow, name="my-narrow"),
    path("<uid:uid>/revoke/", my.revoke, name="my-revoke"),
]
sign_on = [
    path(".well-known/openid-configuration", machines.metadata, name="sign-on-metadata"),
    path("jwks", machines.jwks, name="sign-on-jwks"),
    path("authorize", sign_on_authorize.authorize, name="sign-on-authorize"),
    path("token", machines.token, name="sign-on-token"),
    path("login/<uid:uid>/", login.show, name="sign-on-login"),
    path("login/<uid:uid>/check/", login.check, name="sign-on-check"),
    path("login/<uid:uid>/cancel/", login.cancel, name="sign-on-cancel"),
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
    path("<programme:programme>/docs/otp/", otp_guide.otp_guide, name="otp-guide"),
    path("<programme:programme>/terms/", home.terms, name="terms"),
    path("<programme:programme>/register/", register.show, name="register"),
    path("<programme:programme>/register/send/", register.send, name="register-send"),
    path("<programme:programme>/sign-in/", accounts.sign_in, name="sign-in"),
    path("<programme:programme>/sign-in/check/", accounts.check, name="sign-in-check"),
    path("<programme:programme>/sign-out/", accounts.sign_out, name="sign-out"),
    path("<programme:programme>/registrations/", registrations.index, name="registrations"),
    path("<programme:programme>/registrations/<client:client_id>/", include(settings)),
    path("<programme:programme>/registrations/<client:client_id>/", include(upkeep)),
    path("<programme:programme>/staff/", include(review)),
    path("<programme:programme>/receipt/<uid:uid>/", consent.receipt, name="receipt"),
    path("<programme:programme>/share/<uid:uid>/", include(flow)),
    path("<programme:programme>/my/", include(my_pages)),
    path("<programme:programme>/id/", include(sign_on)),
    path("<programme:programme>/sso/callback/", utility.callback, name="sso-callback"),
]
