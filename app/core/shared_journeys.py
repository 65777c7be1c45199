"""Statements that share a journey to the database server, for PyMySQL.

A statement that only writes waits on its connection, and goes with the next one whose answer somebody wants; then all
answers are read. What follows an error has been carried out by then, so the transaction is only good for a rollback,
and nothing else is sent in it. COMMIT goes alone, when every answer was good.

A deadlock ends the transaction on the server, which would commit what follows in the same journey. Therefore a
command's session does not commit by itself: what follows is in a transaction again, and goes with the rollback.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from pymysql.connections import MAX_PACKET_LEN, MySQLResult
from pymysql.constants import COMMAND
from pymysql.err import Error, InterfaceError, InternalError
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm.exc import StaleDataError

from app.core.slow_statements import note_slow
from app.core.tls_context import OneContext

if TYPE_CHECKING:

    class _Driver(OneContext):
        """What the driver has beside what its types tell."""

        encoding: str
        _sock: Any
        _result: Any
        _affected_rows: int
        _next_seq_id: int

        def _execute_command(self, command: int, sql: Any) -> None: ...
        def _force_close(self) -> None: ...
        def _read_ok_packet(self) -> Any: ...
        def _read_packet(self, packet_type: Any = ...) -> Any: ...
        def _write_bytes(self, data: bytes) -> None: ...

else:
    _Driver = OneContext


_QUERY = bytes([COMMAND.COM_QUERY])
_DONE = 0
"""How the answer of a statement that found no rows to return begins; how many it wrote comes next."""


class Sent(NamedTuple):
    """A statement on its way: its words, its packets, and the number that the answer to them has."""

    words: str
    packets: bytes
    answer: int
    writes: bool
    found: int | None


def _sent(words: str, sql: bytes, *, writes: bool, found: int | None = None) -> Sent:
    payload = _QUERY + sql
    size = len(payload)
    if size < MAX_PACKET_LEN:
        return Sent(words, size.to_bytes(4, "little") + payload, 1, writes, found)
    parts = [payload[start : start + MAX_PACKET_LEN] for start in range(0, size + 1, MAX_PACKET_LEN)]
    packets = [(number % 256 << 24 | len(part)).to_bytes(4, "little") + part for number, part in enumerate(parts)]
    return Sent(words, b"".join(packets), len(parts) % 256, writes, found)


_BY_ITSELF = (_sent("", b"SET autocommit = 1", writes=False),)
_BY_COMMAND = (
    _sent("", b"SET autocommit = 0", writes=False),
    _sent("", b"START TRANSACTION", writes=False),
)
"""Were the first refused, the second would hold all the same."""


def prepare(engine: Engine) -> None:
    """Have an engine's connections share journeys, where its driver is PyMySQL."""
    if engine.dialect.driver == "pymysql":
        event.listen(engine, "do_connect", lambda _dialect, _record, args, named: SharedJourneys(*args, **named))


class SharedJourneys(_Driver):
    """A connection of PyMySQL's on which statements may wait for the next one."""

    is_in_command = False
    refused = ""
    """The words of the statement that was refused on the last journey."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._waiting: list[Sent] = []
        self._commits_by_itself, self._is_spoiled = True, False
        super().__init__(*args, **named)

    def send(self, words: str, values: Sequence[Any], found: int | None) -> None:
        """Send a statement with the next one, and see then that it found so many rows, where that is known."""
        self._waiting.append(_sent(words, self._sql(words, values), writes=True, found=found))

    def ask(self, words: str, values: Sequence[Any], *, writes: bool) -> tuple[int, Sequence[Any]]:
        """Send what waits and this statement; return how many rows it found, and those it read."""
        self._travel(_sent(words, self._sql(words, values), writes=writes))
        return self._result.affected_rows, self._result.rows or ()

    def settle(self) -> None:
        """Send what waits, and return when all of it was carried out."""
        if self._waiting:
            self._travel()

    def begin(self) -> None:
        """Begin a transaction with the next statement."""

    def rollback(self) -> None:
        """Take back what was carried out, as the driver does, and forget what waits."""
        self._waiting.clear()
        self._is_spoiled = False
        self._execute_command(COMMAND.COM_QUERY, "ROLLBACK")
        self._read_ok_packet()

    def query(self, sql: Any, unbuffered: bool = False) -> int:
        """Send a statement of somebody else's, alone but for what says who commits."""
        self.settle()
        if self.is_in_command is not self._commits_by_itself:
            return super().query(sql, unbuffered)
        if unbuffered:
            self._travel()
            return super().query(sql, unbuffered)
        self._travel(_sent("", sql.encode(self.encoding) if isinstance(sql, str) else bytes(sql), writes=False))
        self._affected_rows = self._result.affected_rows
        return self._affected_rows

    def _execute_command(self, command: int, sql: Any) -> None:
        self.settle()
        self._see_that_it_is_good()
        super()._execute_command(command, sql)

    def _sql(self, words: str, values: Sequence[Any]) -> bytes:
        escape = self.escape
        # Most values are bytes, of which the driver makes the same.
        literals = [f"X'{value.hex()}'" if type(value) is bytes else escape(value) for value in values]
        return (words % tuple(literals)).encode(self.encoding)

    def _see_that_it_is_good(self) -> None:
        if self._sock is None:
            raise InterfaceError(0, "")
        if self._is_spoiled:
            raise InternalError("a statement of this transaction was refused, so it has to be rolled back")

    def _travel(self, last: Sent | None = None) -> None:
        self._see_that_it_is_good()
        is_turn = self.is_in_command is self._commits_by_itself
        own = (_BY_COMMAND if self.is_in_command else _BY_ITSELF) if is_turn else ()
        others = [*self._waiting, last] if last else [*self._waiting]
        self._waiting.clear()
        self._result, self.refused = None, ""
        try:
            self._write_bytes(b"".join([one.packets for one in (*own, *others)]))
            for one in own:
                self._read_answer(one, is_last=False)
            self._commits_by_itself = not self.is_in_command
            refused = self._read_answers(others, last)
        except BaseException:
            self._force_close()  # an answer may be left half read
            raise
        if refused is not None:
            self._is_spoiled = sum(one.writes for one in others) > 1
            raise refused

    def _read_answers(self, others: Sequence[Sent], last: Sent | None) -> Exception | None:
        """Read the answers to all statements; return the first error."""
        first: Exception | None = None
        for one in others:
            try:
                self._read_answer(one, is_last=one is last)
            except (Error, StaleDataError) as error:
                if self._sock is None:
                    raise
                if first is None:
                    first, self.refused = error, one.words
        return first

    def _read_answer(self, one: Sent, *, is_last: bool) -> None:
        began = perf_counter()
        self._next_seq_id = one.answer
        if is_last:
            self._result = MySQLResult(self)
            self._result.read()
        else:
            self._read_done(one)
        if one.words:
            note_slow(one.words, perf_counter() - began)

    def _read_done(self, one: Sent) -> None:
        answer: bytes = self._read_packet().get_all_data()
        if answer[0] != _DONE:
            raise RuntimeError("a statement that only writes was answered with something else")
        if one.found not in (None, answer[1]):
            raise StaleDataError("another writer changed the row meanwhile")
