"""Currencies: ISO 4217:2015, list one, as its maintenance agency SIX publishes it, with the
decimals of each. Those withdrawn since 2015 stay, for old papers name them. Without funds, metals
and codes for testing.
"""

from __future__ import annotations

# By the number of decimals.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BYR",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CNY COP CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VEF VES WST XAD XCD XCG "
    "YER ZAR ZMW ZWG ZWL",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "UYW",
}
DECIMALS = {code: decimals for decimals, codes in _CODES.items() for code in codes.split()}

# How texts write them instead.
_DOLLAR = "AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD USD XCD"
_PESO = "ARS CLP COP CUP DOP MXN UYU"
_SIGNS = {
    "$": f"{_DOLLAR} {_PESO}",
    "£": "GBP EGP FKP GIP SHP SSP SYP LBP",
    "¥": "JPY CNY",
    "元": "CNY TWD HKD",
    "kr": "SEK NOK DKK ISK",
    "Rs": "INR PKR LKR NPR MUR SCR",
    "₨": "INR PKR LKR NPR MUR SCR",
    "Fr": "CHF XAF XOF XPF",
    "euro": "EUR",
    "euros": "EUR",
    "€": "EUR",
    "US$": "USD",
    "dollars": _DOLLAR,
    "pounds": "GBP EGP",
    "円": "JPY",
    "yen": "JPY",
    "RMB": "CNY",
    "人民币": "CNY",
    "人民幣": "CNY",
    "₹": "INR",
    "RM": "MYR",
    "₩": "KRW KPW",
    "원": "KRW KPW",
    "₽": "RUB",
    "руб": "RUB",
    "₴": "UAH",
    "грн": "UAH",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON MDL",
    "₺": "TRY",
    "TL": "TRY",
    "฿": "THB",
    "บาท": "THB",
    "₫": "VND",
    "đ": "VND",
    "₪": "ILS",
    "R$": "BRL",
    "A$": "AUD",
    "C$": "CAD",
    "S$": "SGD",
    "HK$": "HKD",
    "NT$": "TWD",
    "Rp": "IDR",
    "₱": "PHP",
    "₦": "NGN",
    "лв": "BGN",
}


def signs(code: str) -> list[tuple[str, bool]]:
    """What stands for a currency in texts, and whether it stands for others as well."""
    return [(sign, " " in codes) for sign, codes in _SIGNS.items() if code in codes.split()]


def meant(sign: str) -> set[str]:
    """The currencies that a sign can stand for."""
    return {code for each, codes in _SIGNS.items() if each == sign for code in codes.split()}
