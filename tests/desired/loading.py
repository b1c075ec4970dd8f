"""Loads texts as files of the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.desired import load_desired
from reconciler.errors import InputError
from reconciler.model import Desired


def load(*texts: str) -> Desired:
    """The desired state of files `0.yaml`, `1.yaml` and so on."""
    return load_desired(written(*texts))


def written(*texts: str) -> list[str]:
    """The names of the files, written to the working directory."""
    names = [f"{number}.yaml" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        Path(name).write_text(text, encoding="utf-8")
    return names


def codes(*texts: str) -> list[str]:
    """The codes of the problems of files that are not sound."""
    with pytest.raises(InputError) as caught:
        load(*texts)
    return [problem.code for problem in caught.value.problems]
