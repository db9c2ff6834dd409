"""The terms of an installation, and who has accepted them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from app.config import Config, ConfigError
from app.errors import BadInput, TermsNotAccepted
from app.storage import consents
from app.storage.database import Database

_LARGEST = 262_144  # bytes of the file
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Terms:
    """A text; another `version` of it must be accepted anew."""

    version: str
    text: str


def terms_of(config: Config) -> Terms | None:
    """Raises ConfigError: the file cannot be used."""
    if config.terms_file is None:
        return None
    try:
        read = Path(config.terms_file).read_bytes()
        text = read.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"TERMS_FILE: it cannot be read as a text: {error}."]) from error
    if not text.strip() or len(read) > _LARGEST:
        raise ConfigError([f"TERMS_FILE: it is empty, or larger than {_LARGEST:,} bytes."])
    return Terms(config.terms_version or sha256(read).hexdigest()[:12], text)


class Consent:
    """Without terms there is nothing to accept."""

    def __init__(self, database: Database, terms: Terms | None) -> None:
        self.terms = terms
        self._database = database
        self._known: OrderedDict[str, int] = OrderedDict()  # when, by owner

    def of(self, owner: str) -> int | None:
        """When the owner has accepted what is in force now."""
        terms = self.terms
        if terms is None:
            return None
        moment = self._known.get(owner)
        if moment is None:
            moment = self._database.read(lambda tx: consents.find(tx, owner, terms.version))
            self._remember(owner, moment)
        return moment

    def require(self, owner: str) -> None:
        """Raises TermsNotAccepted."""
        if self.terms is not None and self.of(owner) is None:
            raise TermsNotAccepted(self.terms.version)

    def accept(self, owner: str, version: str) -> int:
        """When it was accepted first. Raises BadInput: these are not the terms in force."""
        if self.terms is None or version != self.terms.version:
            said = "These are not the terms that are in force; read them with GET /api/terms."
            raise BadInput(said, errors={"version": [said]})
        moment = self._database.write(lambda tx: consents.add(tx, owner, version))
        self._remember(owner, moment)
        return moment

    def forget(self, owner: str) -> None:
        """What the database says of the owner is asked anew."""
        self._known.pop(owner, None)

    def _remember(self, owner: str, moment: int | None) -> None:
        if moment is None:
            return
        self._known[owner] = moment
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
