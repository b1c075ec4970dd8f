"""The value of `--language`.

Effects: none.
"""

from __future__ import annotations

from reconciler.errors import UsageProblem

__all__ = ["iso_language"]


def iso_language(written: str | None) -> str:
    """An ISO code; English when nothing was written.

    Raises:
        UsageProblem: SuperOffice has no such language.
    """
    from reconciler.wire.languages import LanguageError, iso

    if written is None:
        return "en"
    try:
        return iso(written)
    except LanguageError as error:
        raise UsageProblem("Unknown language", f"{written!r}: {error}.", "Write an ISO code, such as --language nb.") from None
