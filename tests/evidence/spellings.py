"""Texts with a number in them, and what stands around it."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties import any_texts

_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_WIDE = str.maketrans("0123456789,.", "０１２３４５６７８９，．")

# Whole cents, so that no spelling has three decimals.
cents = st.integers(100, 10**12)
# Without digits of any kind.
around = any_texts.map(lambda text: "".join(sign for sign in text if not sign.isnumeric()))


def spellings(number: int) -> list[str]:
    """An amount of so many cents as different countries write it, each with one meaning only."""
    whole, rest = divmod(number, 100)
    grouped = f"{whole:,}"
    western = f"{grouped}.{rest:02}"
    return [
        f"{whole}.{rest:02}",
        f"{whole},{rest:02}",
        western,
        f"{grouped.replace(',', '.')},{rest:02}",
        f"{grouped.replace(',', '’')}.{rest:02}",
        f"{grouped.replace(',', chr(0x202F))},{rest:02}",
        western.translate(_WIDE),
        f"{whole}٫{rest:02}".translate(_INDIC),
    ]
