"""Format the figures: Markdown tables, and plots as SVG without a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Row = Mapping[str, float]
_COLUMNS = {
    "to_bound": "cost ÷ bound",
    "cost_per_order": "$ per order",
    "parcels_per_order": "parcels per order",
    "split_percent": "split %",
    "unfilled_per_order": "unfilled per order",
    "us_per_order": "µs per order",
}
_COLORS = ("#b45309", "#64748b", "#94a3b8", "#1d4ed8", "#0f766e", "#7c3aed", "#be123c")
_LEFT, _TOP, _WIDTH, _HEIGHT = 60, 30, 640, 320


def table(rows: Mapping[str, Row]) -> str:
    """Policies as rows, in Markdown; the last row is the bound that they are divided by."""
    head = "| policy | " + " | ".join(_COLUMNS.values()) + " |"
    rule = "|---|" + "---:|" * len(_COLUMNS)
    body = [
        f"| {name} | " + " | ".join(_reported(column, row[column]) for column in _COLUMNS) + " |"
        for name, row in rows.items()
    ]
    bound = "| hindsight bound | 1.000 |" + " |" * (len(_COLUMNS) - 1)
    return "\n".join([head, rule, *body, bound])


def _reported(column: str, value: float) -> str:
    return f"{value:.3f}" if column == "to_bound" else f"{value:,g}"


def ratios(families: Mapping[str, Mapping[str, Row]]) -> str:
    """A plot: per family one dot per policy, its cost above the bound in percent."""
    names = list(dict.fromkeys(name for rows in families.values() for name in rows))
    top = max(100 * (row["to_bound"] - 1) for rows in families.values() for row in rows.values()) * 1.1
    step = _WIDTH / max(1, len(families))
    marks = []
    for column, (family, rows) in enumerate(families.items()):
        middle = _LEFT + step * (column + 0.5)
        marks.append(_text(middle, _TOP + _HEIGHT + 18, family, anchor="middle"))
        for name, row in rows.items():
            percent = 100 * (row["to_bound"] - 1)
            x = middle + (names.index(name) - len(names) / 2 + 0.5) * step / (len(names) + 2)
            y = _TOP + _HEIGHT * (1 - percent / top)
            color = _COLORS[names.index(name) % len(_COLORS)]
            marks.append(
                f'<line x1="{x:.1f}" y1="{_TOP + _HEIGHT}" x2="{x:.1f}" y2="{y:.1f}" stroke="{color}" stroke-width="6"/>'
            )
            marks.append(_text(x, y - 5, f"{percent:.1f}", anchor="middle", size=9))
    keys = [_key(name, index) for index, name in enumerate(names)]
    return _svg([_axis("cost above the bound, %", top), *marks, *keys], _TOP + _HEIGHT + 40 + 16 * len(names))


def gains(steps: Sequence[tuple[float, float]], seconds: float) -> str:
    """A plot: savings of batch re-optimization over time, in percent."""
    below = [(at, 100 * (1 - share)) for at, share in steps]
    below.append((seconds, below[-1][1]))
    top = max(value for _at, value in below) * 1.1 or 1.0
    points, previous = [], 0.0
    for at, value in below:
        x = _LEFT + _WIDTH * min(1.0, at / seconds)
        points += [f"{x:.1f},{_level(previous, top):.1f}", f"{x:.1f},{_level(value, top):.1f}"]
        previous = value
    line = f'<polyline points="{" ".join(points)}" fill="none" stroke="{_COLORS[3]}" stroke-width="2"/>'
    ticks = [
        _text(_LEFT + _WIDTH * each / 5, _TOP + _HEIGHT + 18, f"{seconds * each / 5:g} s", anchor="middle")
        for each in range(6)
    ]
    return _svg([_axis("saved against order by order, %", top), line, *ticks], _TOP + _HEIGHT + 40)


def _level(value: float, top: float) -> float:
    return _TOP + _HEIGHT * (1 - value / top)


def _axis(title: str, top: float) -> str:
    lines = [_text(8, 16, title)]
    for each in range(5):
        value, y = top * each / 4, _level(top * each / 4, top)
        lines.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + _WIDTH}" y2="{y:.1f}" stroke="#e2e8f0"/>')
        lines.append(_text(_LEFT - 6, y + 4, f"{value:.1f}", anchor="end"))
    return "".join(lines)


def _key(name: str, index: int) -> str:
    y = _TOP + _HEIGHT + 40 + 16 * index
    color = _COLORS[index % len(_COLORS)]
    return f'<rect x="{_LEFT}" y="{y - 9}" width="10" height="10" fill="{color}"/>' + _text(
        _LEFT + 16, y, name
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#334155">{words}</text>'


def _svg(marks: Sequence[str], height: float) -> str:
    inside = "\n".join(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 20} {height:.0f}" '
        f'font-family="system-ui, sans-serif">\n<rect width="100%" height="100%" fill="#ffffff"/>\n{inside}\n</svg>\n'
    )
