"""Which entries of a counter's life count, and who ended it.

Revision 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolment", sa.Column("counts_to", sa.BigInteger(), nullable=True))
    op.add_column("enrolment", sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("enrolment", sa.Column("revoked_why", sa.Text(), nullable=True))
    op.add_column("enrolment", sa.Column("revoked_by", sa.Text(), nullable=True))
    # what an earlier release counted of a journal that had forked stays counted; what comes now waits for a person
    op.execute(
        "UPDATE enrolment SET counts_to = coalesce((SELECT n FROM feed WHERE feed.name = "
        "enrolment.store || '/' || enrolment.counter || '@' || CAST(enrolment.incarnation AS TEXT)), 0) WHERE fenced"
    )
