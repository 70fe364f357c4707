"""A bar chart as an SVG file: horizontal bars in groups, readable on light and dark pages."""

from html import escape

WIDTH = 760
LABEL_WIDTH = 150
VALUE_WIDTH = 170
BAR_HEIGHT = 14
GROUP_GAP = 12
HEAD_HEIGHT = 84
COLORS = ("#9aa4b2", "#2f7de1", "#17a589", "#e08e2b", "#8e5bd0")

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #6e7781; }
  .line { stroke: #d0d7de; stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .quiet { fill: #8d96a0; } .line { stroke: #3d444d; }
  }
"""


def bar_chart(title, subtitle, series, groups, reference=None):
    """Draws groups of bars.

    `series` are the names in order; `groups` are (label, {series: (value, text)}); all bars
    share one scale. `reference` is a value to mark with a vertical line.
    """
    largest = max((value for _, bars in groups for value, _ in bars.values()), default=1) or 1
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / largest
    parts = []
    y = HEAD_HEIGHT
    for label, bars in groups:
        height = BAR_HEIGHT * len(bars)
        parts.append(_text(LABEL_WIDTH - 10, y + height / 2 + 4, label, anchor="end"))
        for name in series:
            if name not in bars:
                continue
            value, text = bars[name]
            parts.append(
                f'<rect x="{LABEL_WIDTH}" y="{y + 1}" width="{max(value * scale, 1):.1f}" '
                f'height="{BAR_HEIGHT - 2}" rx="2" fill="{_color(series, name)}"/>')
            parts.append(_text(LABEL_WIDTH + value * scale + 6, y + 11, text, "quiet"))
            y += BAR_HEIGHT
        y += GROUP_GAP
    if reference is not None:
        x = LABEL_WIDTH + reference * scale
        parts.insert(0, f'<line class="line" x1="{x:.1f}" y1="{HEAD_HEIGHT - 6}" x2="{x:.1f}" '
                        f'y2="{y - GROUP_GAP + 4}"/>')
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 4}" '
        f'width="{WIDTH}" height="{y + 4}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        _text(12, 24, title, "title"),
        _text(12, 43, subtitle, "quiet"),
        *_legend(series),
        *parts,
        "</svg>"]) + "\n"


def _legend(series):
    x = 12
    for name in series:
        yield f'<rect x="{x}" y="56" width="10" height="10" rx="2" fill="{_color(series, name)}"/>'
        yield _text(x + 16, 65, name)
        x += 34 + 7 * len(name)


def _color(series, name):
    return COLORS[series.index(name) % len(COLORS)]


def _text(x, y, text, style="", anchor="start"):
    style = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(text)}</text>'
