"""Private keys as people have them: PEM, or the `RSAKeyValue` XML that the vendor's portal hands out.

Source: SuperOffice docs, "Sign the system user token" (keys are shown once, as RSAKeyValue XML); W3C XML Signature, RSAKeyValue, with the
private members as .NET writes them.

Effects: none.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reconciler.model import Secret

__all__ = ["UnusableKey", "private_key"]

_MEMBER: Final = re.compile(r"<(Modulus|Exponent|P|Q|DP|DQ|InverseQ|D)>([A-Za-z0-9+/=\s]{1,4096})</\1>")
_LONGEST: Final = 16 * 1024


class UnusableKey(ValueError):
    """What is wrong with a key, as the end of a sentence; never a part of it."""


def private_key(secret: Secret) -> rsa.RSAPrivateKey:
    """The key in a secret.

    Raises:
        UnusableKey: it is neither PEM nor RSAKeyValue XML, is protected by a password, is no private RSA key, or is damaged.
    """
    text = secret.reveal().strip().removeprefix("\ufeff")
    if len(text) > _LONGEST:
        raise UnusableKey("is too long for a key")
    if text.startswith("<"):
        return _from_xml(text)
    if not text.startswith("-----BEGIN"):
        raise UnusableKey("is neither PEM (-----BEGIN …) nor XML (<RSAKeyValue>…)")
    head = text.partition("\n")[0]
    if "PUBLIC KEY" in head or "CERTIFICATE" in head:
        kind = "certificate" if "CERTIFICATE" in head else "public key"
        raise UnusableKey(f"is a {kind}; the private key is needed, which the portal shows once")
    if "\n" not in text:  # a variable of a pipeline often holds line breaks as \n
        text = text.replace("\\r", "").replace("\\n", "\n")
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise UnusableKey("is protected by a password; write it without one, and protect the file") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("is damaged, or not a private key") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnusableKey("is not an RSA key")
    return key


def _from_xml(text: str) -> rsa.RSAPrivateKey:
    """Taken apart without an XML parser: a key has eight members and nothing that would need one."""
    members = dict(_MEMBER.findall(text))
    if "<RSAKeyValue>" not in text or not members:
        raise UnusableKey("is XML, but not <RSAKeyValue>")
    if "D" not in members:
        raise UnusableKey("is a public key; the private key is needed, which the portal shows once")
    try:
        numbers = {name: int.from_bytes(base64.b64decode(value, validate=False)) for name, value in members.items()}
        public = rsa.RSAPublicNumbers(numbers["Exponent"], numbers["Modulus"])
        return rsa.RSAPrivateNumbers(
            numbers["P"], numbers["Q"], numbers["D"], numbers["DP"], numbers["DQ"], numbers["InverseQ"], public
        ).private_key()
    except (KeyError, ValueError, binascii.Error, UnsupportedAlgorithm):
        raise UnusableKey("is damaged: its members do not make a key") from None
