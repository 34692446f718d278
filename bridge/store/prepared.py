"""Statements that are compiled once and run on the driver's own cursor: for the ring-time path, for what imports ask
per row, and for what every event of a call writes.

SQLAlchemy's own execution costs several times the lookup itself (it finds the compiled text by a key built anew each
time and wraps every row); here its text, its parameter types and its result types are used, and nothing else of it.
Everything else uses `Connection.execute`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

from sqlalchemy import BindParameter, Connection, Delete, Dialect, Insert, Select, Table, Update, bindparam
from sqlalchemy.sql.selectable import CompoundSelect

_Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete
_Processor = Callable[[Any], Any]
_Inward = tuple[str, _Processor | None, bool, Any]


class _Plan:
    """The text for one dialect, and what turns values on the way in and out."""

    __slots__ = ("inward", "outward", "positional", "text")

    def __init__(self, statement: _Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.positional = compiled.positional
        self.inward: list[_Inward] = []
        for name in compiled.positiontup or compiled.params:
            bind = compiled.binds[name]
            processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
            # What the statement itself says (a literal) is a parameter of the text as well.
            self.inward.append((name, processor, bind.required, bind.effective_value))
        columns = statement.selected_columns if isinstance(statement, (Select, CompoundSelect)) else ()
        self.outward = [
            (index, processor)
            for index, column in enumerate(columns)
            if (processor := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def arguments(self, values: dict[str, Any]) -> Any:
        """The driver's arguments. Raises KeyError naming a value that was not given."""
        given = []
        for name, processor, required, fixed in self.inward:
            value = values[name] if required else fixed
            given.append(value if processor is None else processor(value))
        if self.positional:
            return given
        return {name: value for (name, *_), value in zip(self.inward, given, strict=True)}


class _Planned:
    """A statement with its plans by dialect."""

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        self._plans: dict[str, _Plan] = {}
        _made.add(self)

    def plan_for(self, dialect: Dialect) -> _Plan:
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _Plan(self._statement, dialect)
        return plan


_made: WeakSet[_Planned] = WeakSet()


def compile_all(connection: Connection) -> None:
    """Make the plans of all statements there are, which the first call after a start would have to wait for otherwise."""
    for statement in list(_made):
        statement.plan_for(connection.dialect)


class Prepared(_Planned):
    """`rows(connection, name=value, …)` gives the rows as named tuples, in the order of the statement's columns."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any]) -> None:
        super().__init__(statement)
        names = [column.name for column in statement.selected_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]
        self._make: Callable[[Iterable[Any]], Any] = row._make

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """Raises the driver's own errors: run it inside `Database.read` or `passing_errors`."""
        plan = self.plan_for(connection.dialect)
        driver: Any = connection.connection.dbapi_connection
        found = driver.execute(plan.text, plan.arguments(values)).fetchall()
        if not plan.outward:
            return [self._make(row) for row in found]
        rows = []
        for row in found:
            fields = list(row)
            for index, processor in plan.outward:
                if (value := fields[index]) is not None:  # most times of an entry that is no call are
                    fields[index] = processor(value)
            rows.append(self._make(fields))
        return rows


class PreparedWrite(_Planned):
    """An INSERT, UPDATE or DELETE whose values are all bound parameters, each named like its column where it is one."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        # Without `inline` an INSERT would ask for the key it made.
        super().__init__(statement.inline() if isinstance(statement, Insert) else statement)

    def run(self, connection: Connection, **values: Any) -> int:
        """How many rows it was. Raises the driver's own errors, as `Prepared.rows` does."""
        plan = self.plan_for(connection.dialect)
        driver: Any = connection.connection.dbapi_connection
        count: int = driver.execute(plan.text, plan.arguments(values)).rowcount
        return count


def values_of_columns(table: Table, *columns: str) -> dict[str, BindParameter[Any]]:
    """For `insert(…).values(…)` and `update(…).values(…)`: each column takes the parameter of its name."""
    return {name: bindparam(name, type_=table.c[name].type) for name in columns}
