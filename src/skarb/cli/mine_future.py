"""`skarb mine`: what the years to come may bring, and the report of it all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from skarb.cli.mine_answer import USUAL, Files, Given, answer, form_for, tell
from skarb.cli.output import Usage, err, need
from skarb.core.errors import NotFound

_MOST_YEARS = 3_000_000  # of all scenarios and cases together; their values are held in memory


@Parameter(name="*")
@dataclass(frozen=True)
class Drawing:
    """How the future is drawn."""

    machines: str = "s19,s19-xp,s21"
    "Machines of the catalogue, joined by commas."
    usd_kwh: str = "0.03,0.05"
    "Prices of electricity at the meter, joined by commas."
    count: int = 1000
    "How many scenarios."
    years: int = 5
    "How long each is."
    seed: int = 1
    "The same seed draws the same scenarios."
    window: date = date(2022, 1, 1)
    "The first day of the past that the process is fitted to."
    rate: str = "0.12"
    "What a year takes off the value of money."
    machine_usd_th: str = "25.7"
    "What machines cost, USD/TH; 0 for machines that are paid off."
    site_usd_mw: str = "400000"
    "What a site costs, USD/MW."
    growth: float | None = None
    "Change of the logarithm of difficulty in fourteen days, instead of the fitted one."
    drift: float = 0.0
    "Yearly drift of the logarithm of the price."
    thrift: float = 0.16
    "How much less power a hash takes each year."

    def asked(self, given: Given) -> Any:
        """Return the same, read."""
        from skarb.app.mining_answers import Asked
        from skarb.app.mining_cases import number
        from skarb.mining.catalogue import machine

        if not (1 <= self.count <= 100_000 and 1 <= self.years <= 20):
            raise Usage(f"--count {self.count} --years {self.years}: expected 1 to 100000 scenarios of 1 to 20 years")
        cases = len(self.machines.split(",")) * len(self.usd_kwh.split(","))
        if self.count * self.years * cases > _MOST_YEARS:
            raise Usage(
                f"--count {self.count} --years {self.years}: with {cases} cases expected at most {_MOST_YEARS} years in all"
            )
        if self.seed < 0 or not (abs(self.drift) <= 5 and abs(self.thrift) < 1 and abs(self.growth or 0.0) <= 2):
            raise Usage("expected --seed from 0, --drift between -5 and 5, --growth between -2 and 2, --thrift between -1 and 1")
        more = {"drift": self.drift, "thrift": self.thrift} | ({} if self.growth is None else {"growth": self.growth})
        return Asked(
            tuple(machine(one.strip()) for one in self.machines.split(",")),
            tuple(number("usd_kwh", one.strip()) for one in self.usd_kwh.split(",")),
            given.terms(),
            number("rate", self.rate),
            number("machine_usd_th", self.machine_usd_th),
            number("site_usd_mw", self.site_usd_mw),
            self.count,
            self.years,
            self.seed,
            self.window,
            more,
        )


_DRAWN = Drawing()


def scenarios(files: Files, /, *, drawing: Drawing = _DRAWN, given: Given = USUAL) -> None:
    """Draw price and difficulty for years to come, and value a megawatt of each machine in every one of them.

    Tells net present value and payback as ranges, the share of scenarios that pay machines back, and when a machine stops paying in half of them.
    How the future is drawn stands in docs/mining.md.
    """
    from skarb.app import mining_answers as work
    from skarb.app.mining import load
    from skarb.app.mining_tables import SCENARIOS, scenario_inputs, scenario_rows, scenario_table

    need(files, "file")
    form, asked = form_for(given, files), drawing.asked(given)
    past = load(files)
    tell(past.notes)
    drawn = work.draw(past, asked)
    inputs = [*work.inputs_of(past, asked.terms), *scenario_inputs(drawn)]
    columns, rows = scenario_table(drawn) if form == "table" else (SCENARIOS, scenario_rows(drawn))
    answer(columns, rows, inputs, form, given.output)


def sensitivity(files: Files, /, *, drawing: Drawing = _DRAWN, given: Given = USUAL) -> None:
    """Say which input decides: each is put to the low and the high end of its range, all else and the random numbers staying the same.

    Tells the middle net present value of each case at both ends, the input with the largest swing first. The growth of difficulty goes from
    a network that stands still to twice what was fitted.
    """
    from skarb.app import mining_answers as work
    from skarb.app.mining import load
    from skarb.app.mining_tables import SENSITIVITY, sensitivity_rows

    need(files, "file")
    form, asked = form_for(given, files), drawing.asked(given)
    past = load(files)
    tell(past.notes)
    swings = work.sensitivity(past, asked)
    first = [one.figure for one in swings if one.case is swings[0].case]
    answer(SENSITIVITY, sensitivity_rows(swings), [*work.inputs_of(past, asked.terms)[:5], *first], form, given.output)


def report(
    files: Files,
    /,
    *,
    out: Path,
    country: str = "by",
    language: Annotated[str, Parameter(name="--in")] = "en",
    drawing: Drawing = _DRAWN,
    given: Given = USUAL,
) -> None:
    """Write a page with the past and the future of mining: break-even prices with the band of tariffs, hashprice, fans of value and payback.

    In the folder `--out` lie afterwards report.html, which needs nothing else, its charts as SVG, the hashprice of every day (hashprice.parquet), the
    years tried (backtest.parquet) and the scenarios with all inputs (scenarios.json).

    Parameters
    ----------
    out
        The folder; it is made when there is none.
    country
        Whose tariffs make the band.
    language
        The language of the page: be, ru or en.
    """
    from skarb.app.mining_report import write_report
    from skarb.reporting.words import LANGUAGES

    need(files, "file")
    if language not in LANGUAGES:
        raise Usage(f"--in {language}: expected one of {', '.join(LANGUAGES)}")
    if out.exists() and not out.is_dir():
        raise NotFound(f"--out {out}: given a file, expected a folder")
    written, notes = write_report(files, out, country, language, drawing.asked(given))
    tell(notes)
    err.print(f"· {out}: {', '.join(written)}", style="dim", markup=False, highlight=False)
