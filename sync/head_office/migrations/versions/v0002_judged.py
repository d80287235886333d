"""What head office says of each redemption on receipt, and what it needs to say it.

Revision 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log", sa.Column("judged", sa.Text(), nullable=True))
    op.add_column("log", sa.Column("holder", sa.LargeBinary(), nullable=True))
    op.add_column("log", sa.Column("sale", sa.LargeBinary(), nullable=True))
    op.add_column("log", sa.Column("approved_by", sa.Text(), nullable=True))
    op.create_index("log_credential", "log", ["promotion", "credential"], unique=False)
    op.create_index("log_store", "log", ["promotion", "store", "at_ms"], unique=False)
    op.create_index("log_sale", "log", ["sale"], unique=False)
    op.create_index("log_holder", "log", ["promotion", "holder"], unique=False)
