"""Users under a key: who holds the key speaks for many people, and each has what is their own.

A user's conversations and runs belong to an owner that is made of the key's owner and the user's
id, and are nobody else's: not another user's, and not the key's own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256

import msgspec

from app.accounts import Account
from app.errors import BadInput, NotAllowed

# As long as OpenID Connect lets a `sub` be.
FORM = re.compile("[!-~]{1,255}")

# What the key's holder may and its users may not.
_OWN = {"users", "admin"}


def under(account: Account, user: str) -> Account:
    """The account of one of the key's users, with what the key may.

    Raises:
        NotAllowed: the key does not speak for others.
        BadInput: that is no id.
    """
    if "users" not in account.scopes:
        raise NotAllowed(
            "X-User-ID is for keys with the scope users, which this one has not. Leave it out, or "
            "have the scope added to the key."
        )
    if not FORM.fullmatch(user):
        raise BadInput(
            "A user's id is 1 to 255 characters of printable ASCII, without a space: use your own "
            "id of the person, and not their name."
        )
    shared = account.max_output_tokens, account.user_limits.max_output_tokens
    return replace(
        account,
        owner=_owner(account.owner, user),
        user=user,
        tenant=account.owner,
        scopes=tuple(scope for scope in account.scopes if scope not in _OWN),
        max_output_tokens=min((n for n in shared if n is not None), default=None),
    )


def _owner(tenant: str, user: str) -> str:
    """Of a length that fits, whatever the two are; `KeyBody` lets no key have such an owner."""
    return f"user_{sha256(msgspec.json.encode((tenant, user))).hexdigest()[:32]}"
