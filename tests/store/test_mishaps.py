"""What a database refuses is told with its remedy."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from newsletter.store.mishaps import explain


@pytest.mark.postgres
def test_a_user_that_postgresql_does_not_know_is_no_silence(postgres_server: Path) -> None:
    with pytest.raises(psycopg.OperationalError) as refusal:
        psycopg.connect(host=str(postgres_server), user="nobodyhere", dbname="postgres")
    assert explain(str(refusal.value)).startswith("the database server does not let us in;")


def test_a_server_that_is_not_there_does_not_answer() -> None:
    with pytest.raises(psycopg.OperationalError) as refusal:
        psycopg.connect(host="127.0.0.1", port=9)
    assert explain(str(refusal.value)).startswith("the database server does not answer;")
