"""Sealed contact details.

Revision 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("read_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("read_by", sa.Text(), nullable=True),
        sa.Column("erased_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("erased_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sha256"),
    )
