"""Users under a key: each is somebody of their own, and nobody can be taken for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import SCOPES, Account, Limits
from app.errors import BadInput, NotAllowed
from app.schemas.base import loaded
from app.schemas.keys import KeyBody
from app.services.people import under
from tests.properties import examples

_KEY = Account(owner="ada", key_id="key_1", team="red", streams=3, models=("demo/*",))
_IDS = st.from_regex(r"[!-~]{1,255}", fullmatch=True)
_OWNERS = st.text(min_size=1, max_size=80)


@examples(300)
@given(_OWNERS, _IDS, _OWNERS, _IDS)
def test_no_two_are_one(owner: str, user: str, other: str, another: str) -> None:
    """Users of different keys' owners, or with different ids, never own the same things."""
    one, two = under(Account(owner=owner), user), under(Account(owner=other), another)
    assert (one.owner == two.owner) == ((owner, user) == (other, another))
    assert len(one.owner) <= 80


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b/c"), ("a/b", "c")), (("a", '","b'), ('a","', "b")), (("ab", "c"), ("a", "bc"))],
)
def test_names_do_not_run_into_each_other(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Where one name ends and the next begins is never in doubt."""
    owners = [under(Account(owner=owner), user).owner for owner, user in (one, other)]
    assert owners[0] != owners[1]


def test_no_key_can_be_made_for_a_users_things() -> None:
    """An owner that looks as a user's is refused."""
    theirs = under(_KEY, "alice").owner
    with pytest.raises(BadInput) as caught:
        loaded(KeyBody(), {"owner": theirs})
    assert "owner" in (caught.value.errors or {})


def test_a_user_has_what_the_key_has() -> None:
    """Its limits, models and team hold for each of its users; what only its holder may is gone."""
    user = under(_KEY, "alice")
    assert (user.user, user.tenant, user.payer) == ("alice", "ada", "ada")
    assert (user.key_id, user.team, user.streams, user.models) == ("key_1", "red", 3, ("demo/*",))
    assert set(user.scopes) == set(SCOPES) - {"admin", "users"}


@pytest.mark.parametrize(
    ("key", "each", "most"), [(5, 9, 5), (9, 5, 5), (None, 5, 5), (5, None, 5)]
)
def test_the_lower_limit_of_an_answer_counts(
    key: int | None, each: int | None, most: int | None
) -> None:
    """Of the key's limit and that of each user, the tighter holds."""
    account = Account(
        owner="ada", max_output_tokens=key, user_limits=Limits(max_output_tokens=each)
    )
    assert under(account, "alice").max_output_tokens == most


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "users"])
def test_only_who_may_speaks_for_others(scope: str) -> None:
    """Without the scope it is refused, and not passed over."""
    with pytest.raises(NotAllowed, match="scope users"):
        under(Account(owner="ada", scopes=(scope,)), "alice")


def test_users_have_no_users() -> None:
    """Whoever is a user already cannot be another one."""
    with pytest.raises(NotAllowed):
        under(under(_KEY, "alice"), "bob")


@pytest.mark.parametrize("user", ["", " ", "a b", "a\nb", "ü", "x" * 256, "\x7f", "\0"])
def test_what_is_no_id(user: str) -> None:
    """An id that is empty, too long, or not plain ASCII is refused in words."""
    with pytest.raises(BadInput, match="1 to 255 characters"):
        under(_KEY, user)
