"""card_pg: card_sqlite on a PostgreSQL of its own, whose tables are filled and analysed beforehand. The same goal.

The CPU time is that of this process: what the server needs is the same for both.
"""

from __future__ import annotations

from benchmarks.cards import beside_the_driver, merged, single
from benchmarks.dataset import CUSTOMERS, fill_postgres
from benchmarks.harness import Result, Size
from tests.postgres import PostgresServer


def run(size: Size) -> Result:
    server = PostgresServer()
    try:
        with server.database() as url:
            data = fill_postgres(url, CUSTOMERS[size])
            return beside_the_driver("card_pg", size, {"one leaf": single(data), "5 leaves": merged(data)})
    finally:
        server.remove()
