"""The schema's newest step is the one that a start compares with."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from sync.head_office import migrations


def test_the_newest_revision_is_named_right() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.NEWEST
