"""The first schema."""

from alembic import op

from newsletter.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    # Until the first release the first schema is the present one; from then on this file is written out in full.
    metadata.create_all(op.get_bind())
