"""The staff pages of this app, and those that show what it collects beside rows of another one."""

from django.contrib import admin

from authorizations.models import Authorization, ForeignAuthorization
from greenbutton.client_check.pages import ClientCheckAdmin, ClientPage
from greenbutton.models import BulkCollection, ClientCheck, Pull, UsagePoint
from greenbutton.staff_pages.authorizations import AuthorizationAdmin
from greenbutton.staff_pages.found import ForeignAuthorizationAdmin
from greenbutton.staff_pages.meters import BulkCollectionAdmin, UsagePointAdmin
from greenbutton.staff_pages.pulls import PullAdmin
from utilities.models import Client

admin.site.register(Authorization, AuthorizationAdmin)
admin.site.register(ForeignAuthorization, ForeignAuthorizationAdmin)
admin.site.register(Pull, PullAdmin)
admin.site.register(UsagePoint, UsagePointAdmin)
admin.site.register(BulkCollection, BulkCollectionAdmin)
admin.site.register(Client, ClientPage)
admin.site.register(ClientCheck, ClientCheckAdmin)
