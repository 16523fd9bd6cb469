"""The queries that the guide shows are queries of the catalog as it is."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.catalog.stored import an_entry, store
from tests.conftest import PROJECT


def test_the_guides_queries_are_answered(tmp_path: Path) -> None:
    guide = (PROJECT / "docs" / "guide.md").read_text(encoding="utf-8")
    queries = re.findall(r'sqlite3 \S+\.db "([^"]+)"', guide)
    assert queries
    path = tmp_path / "rules.db"
    store(path, an_entry("alpha", actions=["aws:ec2.amazonaws.com/RunInstances"]))
    with closing(sqlite3.connect(path)) as connection:
        for query in queries:
            assert connection.execute(query).fetchall() == [("Title of alpha", None)]
