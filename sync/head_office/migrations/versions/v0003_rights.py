"""Accounts of rights, what is kept so that each counts once, and voids of another feed's redemption.

Revision 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log", sa.Column("void_of_feed", sa.Text(), nullable=True))
    op.execute("UPDATE log SET void_of_feed = feed WHERE kind = 'void'")
    op.drop_index("log_void", table_name="log")
    op.create_index("log_void", "log", ["void_of_feed", "void_of_n"], unique=False)
    op.create_table(
        "right_account",
        sa.Column("account", sa.Text(), nullable=False),
        *_lot(),
        *_sums("granted", "received", "credited", "sent", "returned", "spent", "freed", "level"),
        *_sums("pace_milli", "paced_at_ms"),
        sa.PrimaryKeyConstraint("account", "kind", "promotion", "subject", "granted_by"),
    )
    op.create_index("right_account_right", "right_account", ["promotion", "kind", "subject"], unique=False)
    op.create_table(
        "right_pool",
        *_lot(),
        *_sums("granted", "returned", "refilled", "freed", "advanced"),
        sa.PrimaryKeyConstraint("promotion", "kind", "subject", "granted_by"),
    )
    op.create_table(
        "waiting_void",
        sa.Column("of_feed", sa.Text(), nullable=False),
        sa.Column("of_n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("of_feed", "of_n"),
    )
    op.create_table(
        "lost_risk",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("feed", "n"),
    )
    op.create_table(
        "used_twice",
        sa.Column("promotion", sa.Text(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("promotion", "credential"),
    )


def _lot() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("promotion", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), autoincrement=False, nullable=False),
    ]


def _sums(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
