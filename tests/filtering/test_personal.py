"""What tells of a person is found, and what looks like it is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filtering.personal import iban, luhn
from tests.filtering.streaming import Told, every_cut, screen
from tests.properties import examples

_ALL = screen("mask", personal=["email", "phone", "card", "iban"])

_FOUND = {
    "email": ["ada@example.org", "a.b+c_d@mail.example.co.uk", "X_1@sub-domain.example.museum"],
    "card": [
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
        "3400 000000 00009",
        "6011000000000004",
    ],
    "iban": [
        "DE89 3704 0044 0532 0130 00",
        "GB29NWBK60161331926819",
        "FR1420041010050500013M02606",
    ],
    "phone": [
        "+49 30 1234567",
        "+1 (202) 555-0143",
        "0049 30 1234567",
        "030 1234567",
        "(030) 123456",
        "202-555-0143",
    ],
}
_LEFT = [
    "4111 1111 1111 1112",  # its check digit is wrong
    "0000 0000 0000 0000",
    "2026-11-21",
    "12:30 and 1,250.00",
    "version 3.11.4",
    "ada@example",
    "@ada and a@b",
    "x4111111111111111y",
    "1234567",
    "run_01a1fbbb391f02a2",
]


@pytest.mark.parametrize(("kind", "said"), [(k, s) for k, all_ in _FOUND.items() for s in all_])
def test_it_is_masked(kind: str, said: str) -> None:
    """Each is masked as what it is, wherever it is cut, and what stands around it stays."""
    text = f"Write: {said}, please."
    for chunks in every_cut(text, 7, 7 + len(said)):
        assert Told(_ALL, chunks).text == f"Write: [{kind}], please."


@pytest.mark.parametrize("said", _LEFT)
def test_it_is_left_alone(said: str) -> None:
    """Other numbers and names stay as they are."""
    assert Told(_ALL, [f"See {said} there."]).text == f"See {said} there."


@given(st.text("0123456789", min_size=12, max_size=18))
@examples(200)
def test_one_last_digit_in_ten_makes_a_card(digits: str) -> None:
    """Of ten numbers that differ in the last digit exactly one is a card's."""
    found = [luhn(digits + last) for last in "0123456789"]
    same = len(set(digits)) == 1
    assert sum(found) == 1 or same


@given(st.text("0123456789", min_size=18, max_size=18), st.integers(0, 17), st.integers(1, 9))
@examples(200)
def test_a_wrong_digit_makes_no_account(digits: str, at: int, by: int) -> None:
    """A number with its check digits is an account's; with one digit wrong it is none."""
    rest = int(f"{digits}131400")  # DE00, turned round
    good = f"DE{98 - rest % 97:02}{digits}"
    wrong = digits[:at] + str((int(digits[at]) + by) % 10) + digits[at + 1 :]
    assert iban(good)
    assert not iban(good[:4] + wrong)
