# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---
# %% [markdown]
# # The drought of 2000-2001 in Uzbekistan, drawn from the warehouse
#
# Real data, read from `mart` alone, as any analyst can. Open this file in VS Code, Spyder or Jupyter (with Jupytext), cell by cell, or run
# it from top to bottom:
#
# ```
# python docs/uzbekistan_2000_2001.py --url "$(drought db url)" --to pictures    # a warehouse that is there
# python docs/uzbekistan_2000_2001.py --data ../shared/data --to pictures        # or make one from the files
# ```
#
# The second takes some minutes: it runs the commands of `real_uzbekistan.md` and leaves the warehouse in `var/uzbekistan`.
# Read the last cell before you quote a number.

# %%
"""Draw the drought of 2000-2001 in Uzbekistan from real data, and say what they cannot prove."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy import stats
from shapely import union_all
from shapely.geometry import shape
from sqlalchemy import Engine, NullPool, create_engine

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--url", default=os.environ.get("URL"), help="a warehouse to read")
arguments.add_argument("--data", type=Path, default=Path("../shared/data"), help="or these files")
arguments.add_argument("--var", type=Path, default=Path("var/uzbekistan"), help="made here")
arguments.add_argument("--to", type=Path, default=Path("pictures"), help="where pictures go")
options = arguments.parse_known_args()[0]  # a notebook has arguments of its own

SOURCE, CALIBRATION = "cfsr", "1981-2010"

# %% [markdown]
# ## A warehouse
#
# Without `--url` the commands an operator would use make one from the files.

# %%
COMMANDS = (
    "db migrate",
    "landscapes load {data}/boundaries/uzb_adm2_geoboundaries.geojson --id-field shapeID "
    "--name-field shapeName --country UZ --land-use irrigated",
    "ingest grid {data}/reanalysis/cfsr_uzbekistan_1979_2014_cds_layout.nc --source cfsr "
    "--release final --product monthly-mean",
    "compute --no-maps",
    "evaluate",
)


def said(command: str) -> str:
    """Run a command of this installation and return what it prints."""
    variables = {"DROUGHT_VAR": str(options.var), "DROUGHT_CALIBRATION": CALIBRATION}
    words = [Path(sys.executable).with_name("drought"), *command.split()]
    done = subprocess.run(  # noqa: S603 - the commands above
        words, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def made_from_files() -> str:
    """Make the warehouse, and return where it is; what is there already is not done again."""
    for command in COMMANDS:
        said(command.format(data=options.data))
    return said("db url").strip()


def reader(url: str) -> Engine:
    """Return an engine; pandas wants to know by which driver to speak."""
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)


mart = reader(options.url or made_from_files())

# %% [markdown]
# ## What is read
#
# Source and calibration are chosen in every question: a warehouse may hold several.


# %%
DATES = ["month", "onset", "ended", "peak_month"]


def asked(question: str) -> pd.DataFrame:
    """Ask the warehouse."""
    chosen = {"source": SOURCE, "calibration": CALIBRATION}
    return pd.read_sql(question, mart, params=chosen, parse_dates=DATES)


districts = asked(
    "SELECT landscape_id, name_en, area_km2, geometry_geojson FROM mart.landscape "
    "ORDER BY landscape_id"
)
indices = asked(
    "SELECT landscape_id, month, value, gap, origin FROM mart.index_month "
    "WHERE index_code = 'spi_12' AND source = %(source)s AND calibration = %(calibration)s"
)
rain = asked(
    "SELECT landscape_id, month, precipitation_mm FROM mart.climate_month WHERE source = %(source)s"
)
stages = asked(
    "SELECT landscape_id, month, stage, stage_rank, is_confirmed, plan_id, plan_version "
    "FROM mart.stage_month WHERE drought_type = 'hydrological'"
)
droughts = asked(
    "SELECT landscape_id, onset, ended, duration_months, severity, peak_value, peak_month "
    "FROM mart.drought_event WHERE drought_type = 'hydrological' AND source = %(source)s "
    "ORDER BY landscape_id, onset"
)
in_stage = asked(
    "SELECT month, stage_rank, area_km2, unconfirmed_km2 FROM mart.area_in_drought "
    "WHERE country_code = 'UZ' AND drought_type = 'hydrological'"
)


def by_month(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a matrix of months and districts; two values for one month would be an error."""
    return rows.pivot(index="month", columns="landscape_id", values=column)  # noqa: PD010


spi_12 = by_month(indices, "value").dropna(axis="columns", how="all")
rain_mm = by_month(rain, "precipitation_mm")[spi_12.columns]
rank = by_month(stages, "stage_rank")[spi_12.columns]
is_known = by_month(stages, "is_confirmed")[spi_12.columns].astype(bool)
area_km2 = districts.set_index("landscape_id")["area_km2"]
names = districts.set_index("landscape_id")["name_en"]
covered = area_km2[spi_12.columns].sum() / area_km2.sum()
assert set(indices["origin"]) == {"real"}, "these pictures say that the data are real"  # noqa: S101

# %% [markdown]
# ## How the pictures look
#
# Dry is brown and dark, so that a grey copy keeps the order, and no red stands beside green. Every picture names its
# source, its period and whose thresholds it shows.

# %%
SPI_CLASSES = {
    "-2.0 or below": "#8c510a",
    "-2.0 to -1.5": "#bf812d",
    "-1.5 to -1.0": "#dfc27d",
    "-1.0 to -0.5": "#f1e3bd",
    "-0.5 or above": "#fbf8ef",
}
SPI_LIMITS = [-2.0, -1.5, -1.0, -0.5]
STAGES = {1: "watch", 2: "warning", 3: "severe"}
STAGE_COLOURS = {1: "#fed98e", 2: "#d95f0e", 3: "#5c1f00"}
INK, QUIET, BLUE = "#222222", "#8a8a8a", "#0072b2"
MARKED = (
    ("1998", "1998-06", "1998-08", "not in our list"),
    ("2000-01", "2000-09", "2001-09", "reported"),
    ("2008", "2008-06", "2008-08", "reported"),
)
REPORTED = (("2000-01", "2001-12"), ("2008-03", "2008-09"), ("2011-05", "2011-08"))
"""Droughts of Uzbekistan in reports (World Bank and ADB country profile; Ferghana.ru, May 2008; UNDP,
July 2011). The months are a reading of their words, and each speaks of some provinces only."""

first, last = (f"{month:%Y-%m}" for month in (rain_mm.index.min(), rain_mm.index.max()))
plans = " and ".join(
    sorted({f"{p} {v}" for p, v in zip(stages["plan_id"], stages["plan_version"], strict=True)})
)
WHOSE = (
    f"Real data: reanalysis NCEP CFSR (source {SOURCE}), {first} to {last}; SPI-12 against {CALIBRATION}; "
    f"{spi_12.shape[1]} of {len(districts)} districts have values."
)
GENERIC = f"Thresholds and stages are generic (template {plans}), adopted by no authority."

plt.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": QUIET,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "legend.frameon": False,
        "figure.dpi": 110,
    }
)
pictures: dict[str, Figure] = {}


def finished(name: str, figure: Figure, *notes: str) -> None:
    """Write source and caveats below a picture and save it."""
    words = textwrap.fill(" ".join((WHOSE, *notes)), int(figure.get_figwidth() * 18.5))
    lines = words.count("\n") + 1
    figure.tight_layout(rect=(0, 0.035 + 0.155 * lines / figure.get_figheight(), 1, 0.98))
    figure.text(0.012, 0.012, words, fontsize=7, color="#444444", va="bottom", linespacing=1.3)
    options.to.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.to / f"uzbekistan_{name}.png", metadata={"Software": None})
    pictures[name] = figure


def months_of(start: str, end: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return a stretch of months as dates, its last month included."""
    return pd.Timestamp(start), pd.Timestamp(end) + pd.offsets.MonthBegin(1)


def mark_reports(axes: Axes, at: float, height: float) -> None:
    """Draw when droughts were reported, in the coordinates of the axis of time."""
    for start, end in REPORTED:
        began, ended = months_of(start, end)
        axes.add_patch(
            plt.Rectangle(
                (began, at), ended - began, height, transform=axes.get_xaxis_transform(),
                clip_on=False,
            facecolor="none", edgecolor=INK, hatch="/////", linewidth=0.6,
            )
        )  # fmt: skip


# %% [markdown]
# ## Where it was dry in the worst month
#
# The worst month is the one with the lowest mean SPI-12 of the districts. Mind the holes: half the districts have no value,
# because no cell of this file covers them.

# %%
worst = spi_12.loc["2000":"2001"].mean(axis=1).idxmin()
shapes = gpd.GeoDataFrame(
    districts[["landscape_id", "name_en"]],
    geometry=[
        shape(g if isinstance(g, dict) else json.loads(g)) for g in districts["geometry_geojson"]
    ],
    crs="EPSG:4326",
).set_index("landscape_id")
shapes["spi_12"] = spi_12.loc[worst]
shapes["stage_rank"] = rank.loc[worst]

dry = shapes.dropna(subset="spi_12")
STAGE_LINES = {1: (0.9, (0, (2, 1.5))), 2: (1.0, "-"), 3: (2.2, "-")}


def draw_districts(axes: Axes, west: float, east: float, south: float, north: float) -> None:
    """Draw the districts by their SPI-12, and around those of one stage a line."""
    blank = shapes[shapes["spi_12"].isna()]
    blank.plot(ax=axes, color="white", edgecolor="#c9c9c9", hatch="....", linewidth=0.3)
    colours = ListedColormap(list(SPI_CLASSES.values()))
    limits = BoundaryNorm([-9, *SPI_LIMITS, 9], colours.N)
    dry.plot(
        ax=axes, column="spi_12", cmap=colours, norm=limits, edgecolor="#777777", linewidth=0.2
    )
    for level, (width, style) in STAGE_LINES.items():
        inside = dry.loc[dry["stage_rank"] == level, "geometry"]
        together = union_all([district.buffer(0.006) for district in inside]).buffer(-0.016)
        around = gpd.GeoSeries([together], crs=dry.crs).boundary
        around.plot(ax=axes, color="black", linewidth=width, linestyle=style)
    axes.set(xlim=(west, east), ylim=(south, north), aspect=1 / np.cos(np.radians(40)))
    axes.set(xlabel="longitude, °E", ylabel="latitude, °N", anchor="N")


figure, (left, right) = plt.subplots(ncols=2, figsize=(10.5, 5.6), width_ratios=(1, 1.25))
draw_districts(left, 55.7, 73.4, 36.9, 45.8)
draw_districts(right, 66.2, 73.3, 37.1, 42.4)
left.add_patch(plt.Rectangle((66.2, 37.1), 7.1, 5.3, fill=False, edgecolor=BLUE, linewidth=1.2))
right.spines[:].set(visible=True, color=BLUE, linewidth=1.2)
left.set_title(f"SPI-12 and stages, {worst:%B %Y}")
right.set_title("The east, enlarged")
legend = [
    *(Patch(facecolor=c, edgecolor="#777777", label=words) for words, c in SPI_CLASSES.items()),
    Patch(facecolor="white", edgecolor="#bbbbbb", hatch="....", label="no value"),
    *(
        Line2D([], [], color="black", linewidth=w, linestyle=style, label=f"stage {STAGES[level]}")
        for level, (w, style) in STAGE_LINES.items()
    ),
]
left.legend(handles=legend, loc="upper center", bbox_to_anchor=(0.48, -0.17), ncols=3, fontsize=8)
finished(
    "map", figure, f"They are {covered:.0%} of the land.", GENERIC,
    "District boundaries: geoBoundaries, CC BY 4.0, simplified; they imply no opinion on legal status.",
)  # fmt: skip

# %% [markdown]
# ## How wide it was
#
# The share of the districts with SPI-12 at or below -1, among those that have a value. A wide drought of the country is a
# high plateau; a local one a low bump.

# %%
share = (spi_12 <= -1).sum(axis=1).where(spi_12.notna().any(axis=1)) / spi_12.notna().sum(axis=1)

figure, axes = plt.subplots(figsize=(9, 4.2))
axes.fill_between(share.index, 100 * share, color="#bf812d", linewidth=0)
axes.plot(share.index, 100 * share, color="#543005", linewidth=0.8)
for (label, start, end, told), side in zip(MARKED, ("right", "left", "center"), strict=True):
    began, ended = months_of(start, end)
    axes.axvspan(began, ended, ymax=0.85, color=BLUE, alpha=0.25, linewidth=0)
    mean = 100 * share[start:end].mean()
    at = {"right": ended, "left": began, "center": began + (ended - began) / 2}[side]
    axes.annotate(f"{label}: {mean:.0f} %\n{told}", (at, 108), ha=side, va="bottom", fontsize=8)
mark_reports(axes, -0.075, 0.035)
axes.set(ylim=(0, 125), yticks=range(0, 101, 25), xlim=(share.index.min(), share.index.max()))
axes.set_ylabel("districts at or below -1, %")
axes.tick_params(axis="x", pad=18)
axes.set_title("How wide: districts with SPI-12 at or below -1", pad=12)
finished(
    "share", figure, "Breaks in the brown: the file lacks 1983-09, 1986-12 and 1999-01, and each takes 12 months of SPI-12.",
    "Blue: the months compared in docs/real_uzbekistan.md, with their mean. Hatched below the axis: droughts as reported, "
    "some of them of a few provinces.",
)  # fmt: skip

# %% [markdown]
# ## One district
#
# The district whose history lies nearest to the mean of all. The bands are the stages the warehouse holds; a bar is a
# drought event: the months in a stage, from its beginning until SPI-12 is back at 0.

# %%
everywhere = spi_12.mean(axis=1)
typical = ((spi_12.sub(everywhere, axis=0)) ** 2).mean().idxmin()


its_droughts = droughts[droughts["landscape_id"] == typical]

figure, axes = plt.subplots(figsize=(9, 4.4))
levels = rank[typical]
last_day = levels.index.max()
for level, colour in STAGE_COLOURS.items():
    axes.fill_between(
        levels.index, -3.4, 2.6, where=levels == level, step="post", color=colour, alpha=0.55,
        linewidth=0,
    )  # fmt: skip
unknown = ~is_known[typical]
axes.fill_between(
    levels.index, -3.4, 2.6, where=unknown, step="post", facecolor="none", edgecolor=QUIET,
    hatch="....", linewidth=0,
)  # fmt: skip
axes.plot(spi_12.index, spi_12[typical], color=INK, linewidth=1.1)
axes.axhline(0, color=QUIET, linewidth=0.8)
axes.axhline(-1, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
for event in its_droughts.itertuples():
    began, ended = event.onset, last_day if pd.isna(event.ended) else event.ended
    axes.plot([began, ended], [-3.05, -3.05], color=INK, linewidth=4, solid_capstyle="butt")
    if event.severity >= 10:
        middle = began + (ended - began) / 2
        axes.annotate(f"{event.severity:.0f}", (middle, -3.0), ha="center", va="bottom", fontsize=8)
axes.set(ylim=(-3.4, 2.6), xlim=(levels.index.min(), levels.index.max()))
axes.set_ylabel("SPI-12, no unit")
axes.set_title(f"{names[typical]}, the district nearest to the mean of all", pad=26)
axes.legend(
    handles=[
        *(
            Patch(facecolor=c, alpha=0.55, label=STAGES[level])
            for level, c in STAGE_COLOURS.items()
        ),
        Patch(facecolor="white", edgecolor=QUIET, hatch="....", label="not confirmed"),
        Line2D([], [], color=INK, linewidth=4, label="event, with its severity"),
    ],
    loc="lower right",
    ncols=5,
    fontsize=8,
    bbox_to_anchor=(1.0, 0.99),
)
finished(
    "district", figure, GENERIC,
    "Severity: sum of -SPI-12 over the months of the event. A stage ends only when SPI-12 is back at 0.",
)  # fmt: skip

# %% [markdown]
# ## How much land stood in which stage
#
# Square kilometres, not districts: a large district weighs more. Months whose stage is not confirmed, because the file
# had been silent for longer than the plan's `hold_limit`, are left white.

# %%
in_stage["confirmed_km2"] = in_stage["area_km2"] - in_stage["unconfirmed_km2"]
confirmed = in_stage.pivot_table(
    index="month", columns="stage_rank", values="confirmed_km2", aggfunc="sum"
)
with_values_km2 = confirmed.sum(axis=1).max()

figure, axes = plt.subplots(figsize=(9, 4))
gravest_first = (3, 2, 1)
axes.stackplot(
    confirmed.index,
    [confirmed[level] / 1000 for level in gravest_first],
    colors=[STAGE_COLOURS[level] for level in gravest_first],
    labels=[STAGES[level] for level in gravest_first],
    step="post",
    linewidth=0,
)
axes.axhline(with_values_km2 / 1000, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
words = f"land with values: {with_values_km2 / 1000:.0f}"
axes.annotate(
    words, (confirmed.index[-1], with_values_km2 / 1000), ha="right", va="bottom", fontsize=8
)
mark_reports(axes, -0.085, 0.04)
axes.set(ylim=(0, 1.35 * with_values_km2 / 1000))
axes.set_xlim(confirmed.index.min(), confirmed.index.max())
axes.set_ylabel("thousand km²")
axes.tick_params(axis="x", pad=18)
axes.set_title("Land in a hydrological stage, by month")
axes.legend(loc="upper left", ncols=3, reverse=True)
finished(
    "area", figure, GENERIC, "White between: no stage confirmed. Hatched below the axis: droughts as reported, "
    "some of them of a few provinces.",
)  # fmt: skip

# %% [markdown]
# ## The rank of 2000-01
#
# Of each district's droughts, is the one of 2000-01 the longest, the most severe? The answer depends on where a drought
# ends. With this plan an event goes on until SPI-12 is back at 0, and in many districts it was not for years.

# %%
droughts["rank"] = droughts.groupby("landscape_id")["severity"].rank(ascending=False, method="min")


def during(month: str) -> pd.Series:
    """Tell which droughts go through a month."""
    return (droughts["onset"] <= month) & ~(droughts["ended"] <= month)


of_2001, of_2008 = during("2001-03-01"), during("2008-07-01")
places = ["1st", "2nd", "3rd", "later"]
ranks = pd.DataFrame(
    {
        label: droughts.loc[chosen, "rank"].clip(upper=4).value_counts().reindex(range(1, 5))
        for label, chosen in (("through March 2001", of_2001), ("through July 2008", of_2008))
    }
).fillna(0)

figure, (left, right) = plt.subplots(ncols=2, figsize=(9, 4.4), width_ratios=(1.35, 1))
looks = (
    (~of_2001 & ~of_2008, "neither", "o", "#c9c9c9", 14),
    (~of_2001 & of_2008, "through July 2008", "s", BLUE, 22),
    (of_2001 & ~of_2008, "through March 2001", "^", "#a6440a", 30),
    (of_2001 & of_2008, "through both", "D", INK, 22),
)
for chosen, label, marker, colour, size in looks:
    left.scatter(
        droughts.loc[chosen, "duration_months"], droughts.loc[chosen, "severity"], s=size, marker=marker,
        color=colour, label=label, edgecolor="white", linewidth=0.4,
    )  # fmt: skip
left.set(
    xlabel="duration, months", ylabel="severity, sum of -SPI-12", xlim=(0, None), ylim=(0, None)
)
left.legend(loc="upper left", title="drought of a district", alignment="left")
left.set_title("All droughts of all districts")
for row, (label, colour) in enumerate(zip(ranks, ("#a6440a", BLUE), strict=True)):
    bars = right.bar(
        np.arange(4) + 0.4 * row - 0.2,
        ranks[label],
        0.38,
        color=colour,
        hatch=("", "///")[row],
        edgecolor="white",
        label=label,
    )
    right.bar_label(bars, fontsize=8)
right.set_xticks(range(4), places)
right.set(xlabel="rank by severity in its district", ylabel="districts")
right.legend()
right.set_title("Rank among the district's own")
finished(
    "rank", figure, GENERIC, "An event lasts from SPI-12 at or below -1 until it is back at 0; one through both months is counted "
    "twice at the right.",
)  # fmt: skip

# %% [markdown]
# ## What if the break of 1998-99 is taken out
#
# Against gauges the rain of this file falls around 1998-99 (`method.md`). Then dry years after the break are measured against
# wet years before it. Multiplying the rain before 1999 by less than 1 asks how much of the drought that makes. The gauges
# support 0.70 to 0.84. SPI is fitted anew here (gamma, Thom 1958), as the warehouse does it; a factor of 1 gives the
# warehouse's own numbers.


# %%
def standardised(totals: pd.DataFrame) -> pd.DataFrame:
    """Return SPI of totals by month and district, against the calibration period."""
    calibrated = totals.loc[slice(*CALIBRATION.split("-"))]
    by_month = calibrated.index.month
    mean = calibrated.groupby(by_month).mean()
    log_ratio = np.log(mean) - np.log(calibrated).groupby(by_month).mean()
    alpha = (1 + np.sqrt(1 + 4 * log_ratio / 3)) / (4 * log_ratio)
    of_month = totals.index.month
    below = stats.gamma.cdf(
        totals, alpha.loc[of_month], scale=(mean / alpha).loc[of_month].to_numpy()
    )
    return pd.DataFrame(stats.norm.ppf(below), totals.index, totals.columns).clip(-3.09, 3.09)


def spi_12_with(before_1999: float = 1.0, in_1998_2003: float = 1.0) -> pd.DataFrame:
    """Return SPI-12 as it would be if the rain of these years were so many times the file's."""
    years = rain_mm.index.year
    factors = np.where(years < 1999, before_1999, 1.0)
    factors *= np.where((years >= 1998) & (years <= 2003), in_1998_2003, 1.0)
    return standardised(rain_mm.mul(factors, axis="index").rolling(12).sum())


SCENARIOS = {
    "1": {},
    "0.84": {"before_1999": 0.84},
    "0.77": {"before_1999": 0.77},
    "0.70": {"before_1999": 0.70},
    "0.60": {"before_1999": 0.60},
    "1998-\n2003": {"in_1998_2003": 0.60 / 0.44},
}
what_if = pd.DataFrame(
    {
        name: {
            "2000-01": (spi["2000-09":"2001-09"] <= -1).to_numpy().mean(),
            "July 2008": (spi.loc["2008-07-01"] <= -1).mean(),
            "median of 2000-01": float(np.median(spi["2000-09":"2001-09"])),
        }
        for name, factors in SCENARIOS.items()
        for spi in [spi_12_with(**factors)]
    }
).T

water_year = (
    rain_mm.mean(axis=1)
    .groupby(rain_mm.index.year + (rain_mm.index.month >= 10))
    .agg(lambda months: months.sum() if months.notna().sum() == 12 else np.nan)
)
water_year = water_year.loc[1980:2013]

figure, (left, right) = plt.subplots(ncols=2, figsize=(9, 4.2), width_ratios=(1.5, 1))
dry_years = water_year.index.isin([2000, 2001, 2008])
left.bar(water_year.index, water_year, color=np.where(dry_years, "#8c510a", "#d5d5d5"))
halves = {"1980-1998": water_year.loc[:1998].mean(), "1999-2013": water_year.loc[1999:].mean()}
for label, mean in halves.items():
    start, end = map(int, label.split("-"))
    left.plot([start - 0.5, end + 0.5], [mean, mean], color=BLUE, linewidth=2)
    left.annotate(f"mean {label}: {mean:.0f} mm", (start, mean + 6), fontsize=8, color=BLUE)
left.set_xticks(range(1980, 2014, 5))
left.set(ylabel="mm, October to September", xlabel="water year (named by its end)")
left.set_title("Rain of the file, mean of the districts")
lines = (
    ("2000-01", "Sep 2000 to Sep 2001", "^-", "#a6440a"),
    ("July 2008", "July 2008", "s--", BLUE),
)
for column, label, style, colour in lines:
    shares = 100 * what_if[column].to_numpy()
    right.plot(range(5), shares[:5], style, color=colour, label=label)
    right.plot(5.3, shares[5], style[0], color=colour)
right.axvspan(0.9, 3.1, color="#e9e9e9", zorder=0)
right.annotate("what the two\ngauges support", (2, 4), ha="center", fontsize=8)
right.set_xticks([0, 1, 2, 3, 4, 5.3], what_if.index)
right.set(ylim=(0, 105), xlabel="times the rain before 1999 (last: below)")
right.set_ylabel("district-months at or below -1, %")
right.legend(loc="lower left", bbox_to_anchor=(0.0, 0.2))
right.set_title("If the step is taken out")
finished(
    "break", figure, "Years with a missing month have no bar. A step in the means may be the file's own or the climate's: one record "
    "cannot tell; the factor 0.70 to 0.84 is from the gauges Pskem and Chatkal (docs/method.md), far from the lowlands. Rightmost: only the rain of 1998-2003 multiplied by 0.60/0.44.",
)  # fmt: skip

# %% [markdown]
# ## What the data cannot prove
#
# 1. **One reanalysis.** Everything above is one model's rain. Its correlation with two gauges is 0.73 to 0.75. A second source may
#    say otherwise; `mart.agreement` is where to look.
# 2. **The break of 1998-99.** The file becomes drier against the gauges just before the drought. *That* 2000-01 was dry
#    in most of the land with values holds with every factor the gauges support; *how severe* does not, and its place beside
#    2008 depends on how the step is taken out. Do not rank the two by these pictures.
# 3. **Cells as large as districts** (0.31 degree). Neighbouring districts repeat one cell's word: 99 districts are not 99
#    witnesses. A share of 98 % is a statement about 70 cells.
# 4. **Nine tenths of the land are blank.** The file covers agricultural land: half of the districts, and the small ones. Most of
#    Karakalpakstan, where most loss was reported, is among the blanks.
# 5. **No runoff, no snow.** Irrigated land lives on headwaters in Tajikistan and Kyrgyzstan that are not in the file. In 2001
#    the lower Amu Darya lacked a quarter of its rain and 44 % of its upstream runoff: the index of a district is not the water in its canals.
# 6. **Reports are not measurements.** The hatched bars are months read out of sentences about provinces. They show that others
#    saw a drought then; they cannot confirm a district, a month or a stage. No report is no proof of rain either.
# 7. **Thresholds are generic.** No authority adopted them; the areas above are "the index crossed this line", and no drought
#    was declared by anybody in this picture.
# 8. **Thirty years.** The sampling error of the index is about 0.3 at -1.5, so neither a class nor a rank is sharp.
