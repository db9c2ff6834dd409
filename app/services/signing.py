"""Tokens of a frontend's own users (JWT): each `sub` is a user under one key.

How a token is signed is for the configuration to say, and never for the token. Why one is not
taken is told to those alone whose token was signed by the right hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from time import time
from typing import Any, Protocol

import jwt
import msgspec
from jwt.exceptions import InvalidSubjectError

from app.errors import NotAuthenticated
from app.services.people import FORM as USER
from app.services.standing import Answer, Guess, Standing

FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
FORGED = Guess("This token is not valid here.")
_LONGEST = 8_192
_LEEWAY = 10  # seconds that clocks may differ
_EXPIRED = "This token has expired. Get another one where you got this, and send that."
_WRONG: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: _EXPIRED,
    jwt.ImmatureSignatureError: "This token is not valid yet: its nbf or iat lies in the future.",
    jwt.InvalidAudienceError: "This token is for another audience.",
    jwt.InvalidIssuerError: "This token is of another issuer.",
    InvalidSubjectError: "The sub of this token is not a text.",
    jwt.MissingRequiredClaimError: "This token lacks a claim: exp, aud and sub must be there, and "
    "iss where the server asks for one.",
}


class KeySet(Protocol):
    def find(self, kid: str | None) -> Mapping[str, Any] | None:
        """The public key with this id, as RFC 7517 writes it. Raises Unavailable."""
        ...


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a token must say, and how it must be signed. `key_id` is the key of its user."""

    algorithm: str
    audience: str
    key_id: str
    issuer: str | None = None


class Claims(msgspec.Struct, frozen=True):
    """Of a token that is right; in milliseconds since 1970."""

    user: str
    expires_at: int


class Tokens:
    """`keys` is the secret that both know, or where the signer's public keys are found."""

    def __init__(self, standing: Standing, rules: Rules, keys: KeySet | str) -> None:
        self._standing = standing
        self._rules = rules
        self._keys = keys

    def of(self, sent: str) -> Answer:
        """Whose token it is. Raises Unavailable: nobody can tell just now."""
        try:
            claims = self.verified(sent)
        except NotAuthenticated as error:
            return error.detail, inf
        left = claims.expires_at / 1000 + _LEEWAY - time()
        account, seconds = self._standing.of_user(self._rules.key_id, claims.user)
        return account, min(seconds, left)

    def verified(self, sent: str) -> Claims:
        """Raises NotAuthenticated with the reason, and Unavailable."""
        if len(sent) > _LONGEST:
            raise NotAuthenticated(FORGED)
        try:
            claims = self._decoded(sent)
        except jwt.PyJWTError as error:
            raise NotAuthenticated(_WRONG.get(type(error), FORGED)) from error
        if not USER.fullmatch(claims["sub"]):
            raise NotAuthenticated("The sub of this token is not 1 to 255 characters of ASCII.")
        return Claims(claims["sub"], int(claims["exp"]) * 1000)

    def _decoded(self, sent: str) -> dict[str, Any]:
        rules = self._rules
        needed = ["exp", "sub", "aud", *(["iss"] if rules.issuer else [])]
        return jwt.decode(
            sent,
            self._key(sent),
            algorithms=[rules.algorithm],
            audience=rules.audience,
            issuer=rules.issuer,
            leeway=_LEEWAY,
            options={"require": needed, "enforce_minimum_key_length": True},
        )

    def _key(self, sent: str) -> jwt.PyJWK | str:
        """The key that it must be signed with. What the header says chooses among those of ours."""
        if isinstance(self._keys, str):
            return self._keys
        header = jwt.get_unverified_header(sent)
        if header.get("alg") != self._rules.algorithm:
            raise jwt.InvalidAlgorithmError
        found = self._keys.find(header.get("kid"))
        if found is None or found.get("alg", self._rules.algorithm) != self._rules.algorithm:
            raise jwt.InvalidKeyError
        return jwt.PyJWK(dict(found), self._rules.algorithm)
