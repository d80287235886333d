"""The history of head office's schema, one file a step, run by Alembic."""

NEWEST = "0005"
"""The last revision; a database that stands there needs no Alembic, and a start is the faster for it."""
