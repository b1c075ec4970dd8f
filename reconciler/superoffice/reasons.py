"""Why there was no answer, in our words, and what to do about it.

Texts of libraries and systems name hosts and paths in their own ways, so none of them is passed on.

In -> Out: what was raised, and what the exchange waited for -> the end of a sentence, and a hint.

Source: OpenSSL, X509_verify_cert_error_string (the words for what is wrong with a certificate).

Effects: none.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from typing import Final

from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from reconciler.superoffice.deadlines import Attempt, Stage

__all__ = ["hint_for", "why_not"]

_LATE: Final[Mapping[Stage, str]] = {
    Stage.NAME: "the host name was not found in time",
    Stage.CONNECTION: "no connection came about in time",
    Stage.PROXY: "the proxy did not let us through in time",
    Stage.TLS: "TLS was not agreed on in time",
}
_CHECK_PROXY: Final = "Check `proxy` of the target, and whether that proxy lets this machine through to the host."
_OWN_AUTHORITY: Final = "name the file with that authority's certificate in `ca_bundle` of the target. A certificate is always checked."
_OF_CERTIFICATES: Final[Mapping[str, str]] = {
    "issuer certificate": f"If an authority of your own signed the server's certificate, {_OWN_AUTHORITY}",
    "self-signed": f"An authority has to sign the server's certificate; if it is one of your own, {_OWN_AUTHORITY}",
    "expired": "Whoever runs the server has to renew its certificate; or this machine's clock is wrong.",
    "not yet valid": "Check this machine's clock; if it is right, whoever runs the server has to replace the certificate.",
    "mismatch": "The certificate is for another host. Write the address of the target with a name for which it was made.",
}
"""What to do, by words with which a certificate is refused."""
_OF_TLS: Final = "Check host and port in the address of the target. The server has to speak TLS 1.2 or newer."


def why_not(error: Exception, attempt: Attempt) -> str:
    """What went wrong."""
    found = _found(error)
    whose, where = ("the proxy's", " to the proxy") if attempt.by_proxy else ("the", "")
    if isinstance(found, NameResolutionError):
        return f"{whose} host name is not known"
    if isinstance(found, NewConnectionError):
        cause = found.__cause__
        return f"could not connect{where} ({(isinstance(cause, OSError) and cause.strerror) or 'no reason given'})"
    if isinstance(found, TimeoutError | Urllib3Timeout) and attempt.stage in _LATE:
        return _LATE[attempt.stage]
    if isinstance(found, (SSLError, ssl.SSLError)):
        said = _verified(found)
        return f"TLS failed ({said})" if said else "TLS failed"
    if attempt.stage is Stage.PROXY:
        return "the proxy did not let us through" + (f" ({attempt.refused_with})" if attempt.refused_with else "")
    if isinstance(error, (Urllib3Timeout, TimeoutError)):
        return f"no complete answer within {attempt.seconds:.3g} s"
    if isinstance(error, (HTTPError, http.client.HTTPException, OSError)):
        return "the connection broke off before the answer was complete"
    return f"the exchange failed ({type(error).__name__})"


def hint_for(error: Exception, attempt: Attempt) -> str:
    """What to do about it; empty where only whoever asked can say."""
    found = _found(error)
    if isinstance(found, (SSLError, ssl.SSLError)):
        said = _verified(found)
        return next((hint for words, hint in _OF_CERTIFICATES.items() if words in said), _OF_TLS)
    if attempt.refused_with == "407":
        return f"The proxy asks for a login, which `proxy` cannot give. {_CHECK_PROXY}"
    if attempt.stage is Stage.PROXY or (attempt.by_proxy and attempt.stage in (Stage.NAME, Stage.CONNECTION)):
        return _CHECK_PROXY
    if attempt.stage is Stage.NAME:
        return "Check the host in the address of the target, and whether this machine can look up names; some networks need `proxy`."
    return _OF_TLS if attempt.stage is Stage.TLS else ""


def _found(error: Exception) -> Exception:
    """What a library wrapped because it had to do with a proxy."""
    return error.original_error if isinstance(error, ProxyError) else error


def _verified(error: Exception) -> str:
    """What is wrong with the certificate; empty where it is something else."""
    inner = error.args[0] if error.args and not isinstance(error, ssl.SSLCertVerificationError) else error
    return inner.verify_message.rstrip(".") if isinstance(inner, ssl.SSLCertVerificationError) else ""
