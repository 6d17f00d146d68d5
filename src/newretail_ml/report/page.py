"""The page as a whole: head, style, table of contents."""

from __future__ import annotations

from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --paper: #fff; --soft: #f4f6f8; --line: #cfd6dd;
  --quiet: #55606c; --link: #1f5a94; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf0; --paper: #14191f; --soft: #1f262e;
  --line: #3b4651; --quiet: #a9b4bf; --link: #7db3e6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, "Noto Sans", "Noto Sans CJK TC", sans-serif;
  overflow-wrap: anywhere; }
a { color: var(--link); }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 .6rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: 0; list-style: none; }
.quiet, .words, .label, .more, .missing { color: var(--quiet); }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
.card { background: var(--soft); border-radius: .5rem; padding: .7rem .9rem; }
.card p { margin: 0; }
.label { font-weight: 600; }
.number { font-size: 1.7rem; font-weight: 700; font-variant-numeric: tabular-nums; }
.words { font-size: .85rem; }
.missing { border-left: 4px solid var(--line); padding-left: .8rem; }
.plot { margin: .8rem 0; background: #fff; border-radius: .5rem; padding: .4rem; }
.plot svg { display: block; width: 100%; height: auto; max-width: 60rem; margin: 0 auto; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); min-width: 4.5rem; max-width: 30rem; }
th { background: var(--soft); }
.id { white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
@media print { nav { display: none; } .scroll { overflow: visible; } h2 { break-after: avoid; }
  .plot, .card { break-inside: avoid; } }
"""


def page(title: str, words: str, sections: dict[str, tuple[str, str]]) -> str:
    """The whole page.

    Args:
        title: of the page.
        words: below the title.
        sections: heading and content by anchor.
    """
    contents = "".join(
        f'<li><a href="#{name}">{escape(heading)}</a></li>'
        for name, (heading, _) in sections.items()
    )
    body = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(heading)}</h2>{content}'
        "</section>\n"
        for name, (heading, content) in sections.items()
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1><p class="quiet">{escape(words)}</p></header>\n'
        f'<nav aria-label="sections"><ul>{contents}</ul></nav>\n<main>\n{body}</main>\n'
        "</body>\n</html>\n"
    )
