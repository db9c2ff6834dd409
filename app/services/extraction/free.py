"""A caller's JSON Schema as a target."""

from __future__ import annotations

from typing import Any

from app.evidence.fields import Hints
from app.evidence.issues import Issue
from app.services.extraction.choices import choices, repaired
from app.services.extraction.target import Judged, Source, Target, in_part
from app.structure.schema import Schema, load


class Free(Target):
    def __init__(self, document: Any) -> None:
        """Raises BadInput, for the field `schema`."""
        self._whole = load(document)
        self._part: Schema | None = None
        self._listed = choices(document)
        said = document.get("description") if isinstance(document, dict) else None
        description = said if isinstance(said, str) else ""
        super().__init__(document, description, Hints(), set(self._listed))

    def judge(self, answer: Any, source: Source) -> Judged:
        data = repaired(answer, self._listed)
        schema = self._whole if source.whole else self._of_a_part()
        violations = schema.validate(data)
        return Judged(data, [Issue(v.path, v.code, v.sentence) for v in violations])

    def _of_a_part(self) -> Schema:
        self._part = self._part or load(in_part(self.document))
        return self._part
