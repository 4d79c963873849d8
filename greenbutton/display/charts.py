"""Bokeh figures of a usage chart, as JSON that the page's script embeds.

No CustomJS anywhere: the content security policy allows no evaluated script.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bokeh.embed import json_item
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    NoOverlap,
    NumeralTickFormatter,
    OpenURL,
    Quad,
    Range1d,
    Scatter,
    TapTool,
)
from bokeh.models.annotations import Span
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from greenbutton.display.meters import Role
from greenbutton.display.selection import Selection
from greenbutton.display.usage import Bar, Chart

HEIGHT = 300
FEW_BARS = 31
HIGH_BAR = 1.12  # room over the highest bar

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
Theme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of `base.css`, which a canvas cannot read."""

    text: str
    grid: str
    surface: str
    services: dict[str, str]
    returned: str

    def colour(self, service: str, role: Role) -> str:
        return self.returned if role == "returned" else self.services.get(service, self.text)


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        text="#48605a",
        grid="#e4e8dd",
        surface="#ffffff",
        services={"electricity": "#b97800", "gas": "#c44a34", "water": "#1f74b5"},
        returned="#0c6a54",
    ),
    "dark": Palette(
        text="#a5b8af",
        grid="#2a3d36",
        surface="#15241f",
        services={"electricity": "#f0b53d", "gas": "#f08a72", "water": "#67b4ea"},
        returned="#5fcca8",
    ),
}


def chart_json(selection: Selection, chart: Chart, theme: Theme) -> dict[str, Any]:
    """The figure as `Bokeh.embed.embed_item` takes it."""
    return {**json_item(draw(selection, chart, PALETTES[theme]))}


def draw(selection: Selection, chart: Chart, palette: Palette) -> figure:
    """A bar for each slot and series; a tap opens the month or day that the bar stands for."""
    plot = empty_plot(chart, palette)
    for index, series in enumerate(chart.meter.series):
        colour = palette.colour(selection.service.slug, series.role)
        is_register = series.measure == "register"
        glyph = dot_glyph(colour) if is_register else bar_glyph(colour, len(chart.bars))
        bars = plot.add_glyph(ColumnDataSource(columns(selection, chart, index)), glyph)
        bars.nonselection_glyph = None
        plot.add_tools(hover(bars))
        if chart.period.view != "day":
            plot.add_tools(TapTool(renderers=[bars], callback=OpenURL(url="@open", same_tab=True)))
    return plot


def bar_glyph(colour: str, count: int) -> Quad:
    """What was measured in a slot, from zero."""
    quad = Quad(left="left", right="right", bottom=0, top="top", fill_color=colour, line_color=None)
    quad.update(border_radius=3 if count <= FEW_BARS else 1)
    return quad


def dot_glyph(colour: str) -> Scatter:
    """What a register showed: a bar would say that so much was used."""
    return Scatter(x="middle", y="top", size=8, fill_color=colour, line_color=None)


def columns(selection: Selection, chart: Chart, index: int) -> dict[str, list[Any]]:
    """What is drawn and what the pointer reads, bars without a reading left out."""
    series = chart.meter.series[index]
    drawn = [(bar, bar.quantities[index]) for bar in chart.bars]
    known = [(bar, quantity) for bar, quantity in drawn if quantity is not None]
    return {
        "left": [bar.slot.left for bar, _ in known],
        "right": [bar.slot.right for bar, _ in known],
        "middle": [(bar.slot.left + bar.slot.right) / 2 for bar, _ in known],
        "top": [float(quantity.value) * series.sign for _, quantity in known],
        "label": [bar.slot.label for bar, _ in known],
        "amount": [f"{series.label}: {quantity}" for _, quantity in known],
        "cost": [cost_of(bar) if index == 0 else "" for bar, _ in known],
        "open": [selection.opening(bar.slot) for bar, _ in known],
    }


def cost_of(bar: Bar) -> str:
    return str(bar.money) if bar.money else ""


def empty_plot(chart: Chart, palette: Palette) -> figure:
    """Axes in the page's manner: a zero line, faint grid lines, no frame and no toolbar."""
    low, high = span_of(chart)
    plot = figure(
        height=HEIGHT,
        sizing_mode="stretch_width",
        x_range=Range1d(start=0, end=chart.length),
        y_range=Range1d(start=low, end=high),
        toolbar_location=None,
        tools="",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
        min_border_left=0,
        min_border_right=8,
    )
    plot.xgrid.visible = False
    plot.ygrid.grid_line_color = palette.grid
    plot.xaxis.ticker = FixedTicker(ticks=list(chart.ticks))
    plot.xaxis.major_label_overrides = {float(at): label for at, label in chart.ticks.items()}
    plot.xaxis.major_label_policy = NoOverlap(min_distance=6)
    plot.xaxis.axis_line_color = palette.grid
    plot.yaxis.axis_line_color = None
    plot.yaxis.formatter = NumeralTickFormatter(format="0,0.[000]")
    plot.yaxis.ticker = BasicTicker(desired_num_ticks=5)
    plot.axis.major_tick_line_color = None
    plot.axis.minor_tick_line_color = None
    plot.axis.major_label_text_color = palette.text
    plot.axis.major_label_text_font = FONT
    plot.axis.major_label_text_font_size = "12px"
    if low < 0:
        plot.add_layout(Span(location=0, dimension="width", line_color=palette.text, line_width=1))
    return plot


def span_of(chart: Chart) -> tuple[float, float]:
    """The y axis: from zero, since a bar's length is what is compared; a register has its range."""
    heights = [
        float(quantity.value) * series.sign
        for bar in chart.bars
        for quantity, series in zip(bar.quantities, chart.meter.series, strict=True)
        if quantity is not None
    ]
    low, high = min(heights, default=0), max(heights, default=0)
    if chart.meter.measure == "register":
        margin = (high - low) * (HIGH_BAR - 1) or 1
        return low - margin, high + margin
    return min(low, 0) * HIGH_BAR, max(high, 0) * HIGH_BAR or (0 if low < 0 else 1)


def hover(bars: GlyphRenderer[Any]) -> HoverTool:
    """What the pointer, or a finger, reads off a bar."""
    style = f"font: 14px {FONT}; color: #13302a; padding: 2px 4px"
    tooltip = (
        f'<div style="{style}"><div>@label</div><strong>@amount</strong><div>@cost</div></div>'
    )
    return HoverTool(renderers=[bars], tooltips=tooltip, point_policy="follow_mouse")
