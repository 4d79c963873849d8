"""Attacks, a file each, tried for real: over HTTP, at a real sandbox or a utility that lies.

What somebody else's site, link or line would try: test_state_fixation, test_replayed_callback,
test_open_redirect, test_csrf, test_wrong_verbs, test_forged_hosts, test_header_injection,
test_guessing, test_enumeration, test_strangers, test_caches, test_notification_storms.

What a utility, or who got between, would try: test_mixed_up_utilities, test_code_injection,
test_scope_tampering, test_token_endpoint, test_addresses_elsewhere. Hostile documents are in
tests/fuzz and tests/greenbutton/ingest/test_spoilt_documents.py.

What is left when something fails, or somebody is inside: test_dead_redis, test_leaks_in_logs,
test_staff_without_rights.

The walks (walking.py) go over the whole URLconf, so that a page that is added is walked as well.
"""
