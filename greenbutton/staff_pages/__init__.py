"""Staff pages for authorizations and for what was collected for them, a module a page family."""
