"""Keys of the identity provider and of the application: JWTs, JWKS, and the check of a signed system token.

Written out by hand on `cryptography` alone, so that a client's JWT library is tested against somebody else's.

Source: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 sections 3.3 and 6.3 (RS256, RSA members); SuperOffice docs, validate security
tokens and sign the system user token.

Effects: makes random keys.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_BITS = 2048


@functools.cache
def generated(name: str) -> rsa.RSAPrivateKey:
    """A key that is made once per process and name: making one takes a tenth of a second."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)


def pem(key: rsa.RSAPrivateKey) -> str:
    """A private key as PKCS #8 text."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Its public half as text."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def from_pem(text: str) -> rsa.RSAPrivateKey:
    """A private key from PEM.

    Raises:
        ValueError: it is not an RSA key in PEM.
    """
    key = serialization.load_pem_private_key(text.encode(), password=None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise ValueError("the private key is not an RSA key")


def xml(key: rsa.RSAPrivateKey) -> str:
    """A private key as `RSAKeyValue`, the form in which the Developer Portal shows it."""
    private = key.private_numbers()
    public = private.public_numbers
    size = (public.n.bit_length() + 7) // 8
    parts = {
        "Modulus": (public.n, size), "Exponent": (public.e, 3), "P": (private.p, size // 2), "Q": (private.q, size // 2),
        "DP": (private.dmp1, size // 2), "DQ": (private.dmq1, size // 2), "InverseQ": (private.iqmp, size // 2), "D": (private.d, size),
    }  # fmt: skip
    root = Element("RSAKeyValue")
    for name, (number, length) in parts.items():
        SubElement(root, name).text = base64.b64encode(number.to_bytes(length, "big")).decode()
    return tostring(root, encoding="unicode")


def signed_by(key: rsa.RSAPublicKey, content: bytes, signature: bytes) -> bool:
    """Whether an RSA PKCS #1 v1.5 SHA-256 signature over some bytes is that key's."""
    try:
        key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class SigningKey:
    """One key of the identity provider and the id under which it is published."""

    key_id: str
    key: rsa.RSAPrivateKey

    def jwk(self) -> dict[str, str]:
        """The public half, as JWKS lists it."""
        numbers = self.key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.key_id,
            "x5t": self.key_id,
            "e": _number(numbers.e),
            "n": _number(numbers.n),
        }

    def token(self, claims: dict[str, Any]) -> str:
        """A JWT signed with RS256."""
        content = _unsigned({"typ": "JWT", "alg": "RS256", "kid": self.key_id, "x5t": self.key_id}, claims)
        return f"{content}.{_text(self.key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def shared_secret_token(self, claims: dict[str, Any]) -> str:
        """What a forger makes who hopes that the public key is taken for a shared secret."""
        content = _unsigned({"typ": "JWT", "alg": "HS256", "kid": self.key_id}, claims)
        return f"{content}.{_text(hmac.digest(public_pem(self.key), content.encode(), hashlib.sha256))}"


def signing_key(number: int) -> SigningKey:
    """The n-th key of the identity provider, under the thumbprint of its public half."""
    key = generated(f"signing-{number}")
    return SigningKey(hashlib.sha256(public_pem(key)).hexdigest()[:40].upper(), key)


def unsigned_token(claims: dict[str, Any]) -> str:
    """A JWT with `alg: none`."""
    return f"{_unsigned({'typ': 'JWT', 'alg': 'none'}, claims)}."


def tampered(token: str, claims: dict[str, Any]) -> str:
    """The same header and signature around other claims."""
    head, _, signature = token.split(".")
    return f"{head}.{_text(json.dumps(claims).encode())}.{signature}"


def _unsigned(header: dict[str, str], claims: dict[str, Any]) -> str:
    return f"{_text(json.dumps(header).encode())}.{_text(json.dumps(claims).encode())}"


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))
