"""A report as a page that needs nothing but itself: no script, no address, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape

from app.services.evaluation.charts import Bar, bars
from app.services.evaluation.report import CaseReport, Figures, Report

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2126; --soft: #5b646e; --paper: #fff; --line: #d9dee3;
  --bar: #2f6fb3; --warn: #9a4b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa5b1; --paper: #15181c;
  --line: #333a42; --bar: #6ea8e0; --warn: #f0a860; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
p.about, figcaption, th, caption { color: var(--soft); } caption { text-align: left; }
figure { margin: 1rem 0; overflow-x: auto; } figcaption { font-size: .9rem; }
svg { width: 100%; min-width: 34rem; max-width: 40rem; height: auto; }
svg text { font-size: 13px; fill: var(--ink); }
svg rect { fill: var(--bar); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; }
th, td { text-align: right; padding: .3rem .7rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 8rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--line);
  padding-left: .8rem; color: var(--soft); } ul.stands-out { color: var(--warn); }
"""

_HEADS = ("Answers", "Failed", "Refused", "Right", "Characters", "First token", "Whole", "Cost")


def page(report: Report) -> str:
    """The HTML. Whatever models have said or callers have written is text in it."""
    body = "".join(_body(report))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _body(report: Report) -> Iterator[str]:
    asked = report.questions - report.missing
    lacking = f" {report.missing} are still to be asked." if report.missing else ""
    yield f"<h1>{escape(report.title)}</h1>"
    yield f'<p class="about">{asked} answers, {escape(report.made_at)}.{lacking}</p>'
    standing_out = [(case, said) for case in report.cases for said in case.differences]
    yield "<h2>What stands out</h2>"
    if standing_out:
        listed = (f"{case.id}, {case.model}: {said}" for case, said in standing_out)
        yield _list(listed, "stands-out")
    else:
        yield "<p>No variant is answered unlike the others.</p>"
    yield "<h2>Models</h2>" + _table("Model", report.models)
    yield _charts(report.models)
    for model, tables in report.groups.items():
        for table, groups in tables.items():
            yield f"<h2>By {escape(table)}: {escape(model)}</h2>" + _table(table, groups)
            yield _charts(groups)
    for case in report.cases:
        yield from _case(case)


def _case(case: CaseReport) -> Iterator[str]:
    yield f"<h2>{escape(case.id)}: {escape(case.model)}</h2><pre>{escape(case.prompt)}</pre>"
    if len(case.variants) > 1:
        yield _table("Variant", {v.name: v.figures for v in case.variants})
        alike = [Bar(v.name, v.alike_to_others, _share(v.alike_to_others)) for v in case.variants]
        yield bars("How like the answers for the other variants", alike, most=1)
    else:
        yield _table("", {"": case.figures})
    if case.differences:
        yield "<h3>What stands out</h3>" + _list(case.differences, "stands-out")
    if case.mistakes:
        yield "<h3>What was not as expected</h3>" + _list(case.mistakes, "stands-out")


def _charts(some: Mapping[str, Figures]) -> str:
    """Those in which there is something to see."""

    def chart(title: str, of: Callable[[Figures], float | None], shown: Callable[..., str]) -> str:
        rows = [Bar(name, of(figures), shown(of(figures))) for name, figures in some.items()]
        return bars(title, rows) if len(rows) > 1 and any(row.value for row in rows) else ""

    return (
        chart("Characters of an answer", lambda f: f.characters, _number)
        + chart("Refused", lambda f: f.refused, _share)
        + chart("Right", lambda f: f.right, _share)
        + chart("Median time to the whole answer", lambda f: f.latency_ms, _seconds)
        + chart("Cost", lambda f: f.cost_usd, _usd)
    )


def _table(name: str, rows: Mapping[str, Figures]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in (name, *_HEADS))
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in (label, *_cells(figures)))}</tr>"
        for label, figures in rows.items()
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _cells(figures: Figures) -> tuple[str, ...]:
    return (
        str(figures.answers),
        str(figures.failed),
        _share(figures.refused),
        _share(figures.right),
        _number(figures.characters),
        _seconds(figures.first_token_ms),
        _seconds(figures.latency_ms),
        _usd(figures.cost_usd),
    )


def _list(said: Iterable[str], kind: str) -> str:
    return f'<ul class="{kind}">' + "".join(f"<li>{escape(one)}</li>" for one in said) + "</ul>"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value / 1000:.2f} s"


def _usd(value: float | None) -> str:
    return "–" if value is None else f"${value:.4f}"
