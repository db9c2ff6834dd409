"""The names of months, and what a word of a date means."""

from __future__ import annotations

from functools import cache
from unicodedata import normalize

from app.evidence.writing import fold

# Of these languages the first letters of a name are understood as well, three or more.
_SHORTENED = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januari februari mac april mei jun julai ogos september oktober november disember",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "január február március április május június július augusztus szeptember október november "
    "december",
)
_WHOLE = (
    "januar februar mars april mai juni juli august september oktober november desember",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie "
    "decembrie",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta "
    "syyskuuta lokakuuta marraskuuta joulukuuta",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
    "grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "янв фев мар апр май июн июл авг сен окт ноя дек",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου "
    "οκτωβρίου νοεμβρίου δεκεμβρίου",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
)
_LEAST = 3


def month(word: str) -> int | None:
    """1 to 12; None for another word, or one that names more than one month."""
    months = _table().get(_same(word))
    return next(iter(months)) if months and len(months) == 1 else None


@cache
def _table() -> dict[str, set[int]]:
    whole: dict[str, set[int]] = {}
    short: dict[str, set[int]] = {}
    for names in (*_SHORTENED, *_WHOLE):
        for number, name in enumerate(map(_same, names.split()), 1):
            whole.setdefault(name, set()).add(number)
            ends = range(_LEAST, len(name)) if names in _SHORTENED else ()
            for end in ends:
                short.setdefault(name[:end], set()).add(number)
    return short | whole


def _same(word: str) -> str:
    """Without accents, which print leaves out at times."""
    parts = normalize("NFD", fold(word))
    return normalize("NFC", "".join(sign for sign in parts if not "\u0300" <= sign <= "\u036f"))
