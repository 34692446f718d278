"""Alembic's entry: runs the revisions on the connection, and in the transaction, that `upgrade` gives."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # Revisions of SQLite that change a table copy it (Alembic, "Running batch migrations").
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
