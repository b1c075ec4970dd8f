"""The next command to type, spelled so that it can be copied as it stands.

In -> Out: what the person gave on this command line -> other command lines for the same target and files.
Neighbours: built by `cli`, used by the text renderers.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.report.page import quoted

__all__ = ["Invocation"]

_READ_FILES = frozenset({"validate", "plan", "apply", "test", "status", "drift"})


@dataclass(frozen=True, slots=True)
class Invocation:
    """What was given before or after the command, and has to be given again.

    Attributes:
        target: the value of `--target`; None when it was not given.
        files: the values of `-f`, in order.
    """

    target: str | None = None
    files: tuple[str, ...] = ()

    def retype(self, text: str) -> str:
        """A command line that was written without knowing what was given here, with what was given here."""
        program, _, rest = text.partition(" ")
        if program != "reconciler" or not rest:
            return text
        given = self.type(files=rest.split(" ", 1)[0] in _READ_FILES)
        return f"{given} {rest}"

    def type(self, *words: str, files: bool = False, allow: Iterable[str] = ()) -> str:
        """A whole command line.

        Args:
            words: the command and its arguments.
            files: the command reads desired files, so `-f` is repeated.
            allow: permissions to give with it.
        """
        parts = ["reconciler"]
        for file in self.files if files else ():
            parts += ["-f", file]
        if self.target is not None:
            parts += ["--target", self.target]
        parts += words
        for permission in allow:
            parts += ["--allow", permission]
        return " ".join(quoted(part) for part in parts)
