"""Data-share links: how staff make and send them, and what their addresses may say."""
