"""How Alembic reaches the ledger: through the connection that `registry.schema` hands it.

SQLite changes a table by copying it (batch mode), which drops the copied table's triggers: a revision
that alters an append-only table has to create them anew.
"""

from alembic import context

from registry.schema import VERSION_TABLE
from registry.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
