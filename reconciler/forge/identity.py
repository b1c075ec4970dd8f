"""The identity token of a pipeline's job, by which the forge vouches for which job of which workflow this is.

Source: GitHub Docs, "OpenID Connect reference" (the request with the bearer token of the job, granted by `id-token: write`), read 2026-11.
GitLab and Azure Pipelines hand such a token out as a variable that the pipeline names.

Effects: network, where GitHub has to be asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from reconciler.errors import TargetError
from reconciler.forge.wire import Wire

__all__ = ["AUDIENCE", "VARIABLE", "identity_token"]

VARIABLE: Final = "RECONCILER_ID_TOKEN"
"""The environment variable in which a pipeline hands a token to us."""
AUDIENCE: Final = "reconciler"


def identity_token(environ: Mapping[str, str]) -> str:
    """The token, as it stands in the environment or as GitHub issues it; empty where there is none. Never a reason to stop."""
    given = environ.get(VARIABLE, "")
    url, bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""), environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    if given or not (url and bearer):
        return given
    parts = urlsplit(url)
    query = f"{parts.query}&audience={AUDIENCE}" if parts.query else f"audience={AUDIENCE}"
    try:
        wire = Wire(f"{parts.scheme}://{parts.netloc}", {"Authorization": f"Bearer {bearer}"}, "GitHub's token service")
        told = wire.get(f"{parts.path.removeprefix('/')}?{query}")
    except (TargetError, ValueError):
        return ""
    value = told.get("value") if isinstance(told, dict) else None
    return value if isinstance(value, str) else ""
