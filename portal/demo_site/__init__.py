"""The demo site: a third party to look into, set up with any client of a utility in the registry.

It stands beside the portal's own way with customers and shares nothing with it but the door to the
utilities: it makes no authorization and stores no reading. Remove the folder, its line in
INSTALLED_APPS and its line in `portal.urls`, and the portal goes on without it.
"""
