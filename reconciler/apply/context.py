"""What running a plan needs, in one place: the ports, the deadlines, the journal, the way to be interrupted.

Effects: none of its own; it carries the ports through which effects happen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.apply.interrupts import Interrupts
from reconciler.apply.rows import Fields
from reconciler.errors import LeaseLost, ReadError
from reconciler.model import Connection, Connector, Secret, SecretRef, Timeouts
from reconciler.ports import Clock, Journal, Lease, MappingReader, MappingWriter, Reader, Sealer, Secrets, Tester, Writer

Listener = Callable[[str, Mapping[str, Any]], None]

# Seconds to spare between the end of a write's deadline and the end of the lease.
LEASE_MARGIN_S = 5.0
# How often a value that a save should have changed is read again before the read is believed, and the pauses between.
# A replica may answer with the row as it was. Source: fault catalogue N21 (stale read); the figures are a choice.
STALE_READ_PAUSES_S = (0.5, 2.0)
# The pause before a test that failed after a change is made once more.
RETEST_PAUSE_S = 2.0


@dataclass(slots=True)
class Context:
    """One run's ports and settings.

    Attributes:
        timeouts: `settle` is how long an unknown outcome is waited for.
        fields: declared config fields by connector id, as read before the first write.
        listener: told every journal event, for progress.
        pointing: URL by connector id, as read before the first write; empty for a connector that is gone.
        conceal: told every secret at hand before anything is sent, so that no answer that repeats one is shown as it came.
        language: the language in which the plan names CRM list items.
        touched: units for which an intent was journalled, so that a request may have been sent.
    """

    reader: Reader
    tester: Tester
    writer: Writer
    mappings: MappingReader
    mapping_writer: MappingWriter
    journal: Journal
    lease: Lease
    secrets: Secrets
    sealer: Sealer
    clock: Clock
    timeouts: Timeouts
    listener: Listener
    interrupts: Interrupts
    fields: dict[int, Fields] = field(default_factory=dict)
    pointing: dict[int, str] = field(default_factory=dict)
    conceal: Callable[[Iterable[Secret]], None] = lambda _secrets: None
    language: str = "en"
    touched: set[str] = field(default_factory=set)

    @property
    def write_deadline_s(self) -> float:
        """The longest that one write may take."""
        return max(self.timeouts.read, self.timeouts.connector) + self.timeouts.connect

    def record(self, event: str, /, **body: Any) -> int:
        """Journal one event durably, then tell the listener.

        Raises:
            JournalError: it is not durable; nothing may be sent.
        """
        with self.interrupts.holding():
            sequence = self.journal.append(event, body)
            if event == "intent":
                self.touched.add(body["unit"])
            self.listener(event, body)
        self.keep_lease()
        return sequence

    def keep_lease(self) -> None:
        """Renew the lease while there is work that sends nothing: many tests, long reads. A loss is told before the next write."""
        with contextlib.suppress(LeaseLost):
            self.lease.ensure(self.write_deadline_s)

    def connection(self, row_id: int) -> Connection | None:
        """One connection as it is now; None only where the list agrees that there is none.

        `null` is how the API says that it knows no such id, and 200 with `null` is also how a server in trouble answers
        anything. Nothing may be called gone on that word alone.

        Raises:
            ReadError: the list names it.
        """
        row = self.reader.connection(row_id)
        if row is None and any(one.id == row_id for one in self.reader.list_connections(include_deleted=False)):
            raise _contradiction(f"connection #{row_id}")
        return row

    def connector(self, row_id: int) -> Connector | None:
        """One connector as it is now; None only where the list agrees that there is none.

        Raises:
            ReadError: the list names it.
        """
        row = self.reader.connector(row_id)
        if row is None and any(one.id == row_id for one in self.reader.connectors()):
            raise _contradiction(f"connector #{row_id}")
        return row

    def sealed(self, address: str, key: str, ref: SecretRef, value: Secret) -> dict[str, Any]:
        """What the journal keeps of a secret that is about to be sent."""
        return {
            "ref": ref.reference,
            "version": ref.version,
            "fingerprint": self.sealer.fingerprint(value, address=address, field=key),
            "sealed": self.sealer.seal(value, address=address, field=key),
        }


def _contradiction(what: str) -> ReadError:
    return ReadError("SuperOffice contradicts itself", f"Asked for {what} it says that there is none, and its own list names it.")
