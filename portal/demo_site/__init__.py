"""The demo site: a third party to look into, set up with any client of a utility in the registry.

It stands beside the portal's own way with customers and shares nothing with it but the door to the
utilities: it makes no authorization and stores no reading. Only the notices to a public client, by
which customers connect as well, are handed on where they are of the portal's own. Remove the
folder, its line in INSTALLED_APPS and its line in `portal.urls`, and the portal goes on without it.
"""
