"""`skarb mine`: what mining brings, brought and may bring; other parts of mining add their verbs to the same group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from skarb.cli.output import Format, Usage, check_outputs, err, format_of, need, out, write_rows
from skarb.core.errors import EXIT_CODES, FieldError, NotFound
from skarb.core.time import from_day

app = App(
    name="mine",
    help="Mining: what the chain paid and pays, what a megawatt-hour is worth, what five years may bring.\n\n"
    "FILES are files or folders of them, told apart by what is in them: a list of checkpoints (JSON), block statistics (Parquet), raw blocks, prices "
    "and Coin Metrics (CSV, plain or gzip). The network is never asked; a day without a value is missing or says how good its value is: exact, "
    "published, interpolated or assumed. Beside every answer stand its inputs, with ranges and sources.",
)

Files = Annotated[list[Path], Parameter(help="Files, or folders of them.", negative=())]


@Parameter(name="*")
@dataclass(frozen=True)
class Given:
    """On what terms machines run, and where the answer goes."""

    pue: str = "1.05"
    "Power at the meter over power at the machines."
    uptime: str = "0.95"
    "Share of hours in which machines run."
    pool_fee: str = "0.02"
    "What the pool keeps."
    output: Path | None = None
    "A file for the answer instead of the terminal: .json, .csv or .parquet."
    format: Format | None = None
    "table, json (with all inputs), csv or parquet."

    def terms(self) -> Any:
        """Return the terms, read."""
        from skarb.app.mining_cases import number
        from skarb.mining.model import Terms

        return Terms(number("pue", self.pue), number("uptime", self.uptime), number("pool_fee", self.pool_fee))


_USUAL = Given()


@app.command
def economics(
    files: Files | None = None,
    /,
    *,
    machine: str = "s21",
    efficiency: str | None = None,
    usd_kwh: str = "0.05",
    difficulty: str | None = None,
    subsidy: str = "3.125",
    fee: str = "0",
    price: str | None = None,
    at: date | None = None,
    cases: Path | None = None,
    given: Given = _USUAL,
) -> int:
    """Reckon one moment: coins for hashes, hashprice, revenue and profit of a megawatt, break-even prices, all exact.

    The network comes from FILES, of the last day or of the day `--at`, or from `--difficulty`, `--subsidy`, `--fee`, `--price`. With `--cases` many
    moments are reckoned from a JSON file, and held to what it expects; exit code 9 if a figure does not agree to twelve digits.

    Parameters
    ----------
    machine
        A machine of the catalogue; `skarb mine machines` lists them.
    efficiency
        Its efficiency in J/TH, instead.
    usd_kwh
        The price of electricity at the meter.
    difficulty
        The difficulty of the network.
    subsidy
        BTC that a block makes.
    fee
        BTC of fees in a block.
    price
        USD for a bitcoin.
    at
        The day; by default the last one that is known.
    cases
        A JSON list of objects with inputs and expected.
    """
    from skarb.app import mining as work
    from skarb.app.mining_cases import UNITS, Moment, figures, moment, number, run_cases
    from skarb.app.mining_tables import plain
    from skarb.mining.catalogue import machine as find
    from skarb.mining.formulas import significant

    form = _form(given)
    if cases is not None:
        results = run_cases(cases)
        said = {True: "yes", False: "no", None: ""}
        columns = ("case", "figure", "value", "expected", "agrees")
        lines = [(one.case, one.name, str(one.value), one.expected, said[one.agrees]) for one in results]
        _answer(columns, lines, (), form, given.output)
        return EXIT_CODES["verification"] if any(one.agrees is False for one in results) else 0
    kind = find(machine) if efficiency is None else None
    j_per_th = efficiency if kind is None else plain(kind.efficiency_j_th)
    inputs: Sequence[Any] = ()
    network = {"subsidy": subsidy, "fee_per_block": fee, "difficulty": difficulty, "btc_usd": price}
    more = {
        "j_per_th": str(j_per_th),
        "pue": given.pue,
        "uptime": given.uptime,
        "pool_fee": given.pool_fee,
        "usd_per_kwh": usd_kwh,
    }
    if files:
        past = work.load(files)
        inputs = work.inputs_of(past, given.terms(), at)
        reckoned = Moment(
            past.at(at).network, number("j_per_th", more["j_per_th"]), given.terms(), number("usd_per_kwh", usd_kwh)
        )
    else:
        for name, value in network.items():
            if value is None:
                raise FieldError(f"--{'price' if name == 'btc_usd' else name}", "nothing", "a number, or FILES to take it from")
        reckoned = moment({**more, **{name: str(value) for name, value in network.items()}})
        inputs = _as_inputs({**network, **more})
    rows = [(name, str(significant(value)), UNITS[name]) for name, value in figures(reckoned).items()]
    source = f"{kind.name}, {kind.source}" if kind else "as asked for"
    machine_inputs = _as_inputs({"j_per_th": str(j_per_th)}, source) + _as_inputs({"usd_per_kwh": usd_kwh}) if files else []
    _answer(("figure", "value", "unit"), rows, [*inputs, *machine_inputs], form, given.output)
    return 0


@app.command
def difficulty(
    files: Files,
    /,
    *,
    at: date | None = None,
    height: int | None = None,
    last: int = 12,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show the difficulty of each epoch and when it began, made again from a list of checkpoints.

    Difficulties are exact; dates are exact where a file of block statistics has the first block, else good to an hour or two between known blocks.

    Parameters
    ----------
    at
        Only the epoch of this day (its beginning, UTC).
    height
        Only the epoch of this block.
    last
        How many epochs the table shows; files hold all.
    """
    from skarb.app.mining import load_epochs
    from skarb.chain.difficulty import difficulty_of

    need(files, "file")
    form = format_of(format, output)
    check_outputs((output,), files)
    epochs, notes = load_epochs(files)
    _notes(notes)
    shown: Sequence[Any] = epochs.epochs
    if at is not None:
        shown = [epochs.at_time(int(datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp()))]
    elif height is not None:
        shown = [epochs.at_height(height)]
        moment = datetime.fromtimestamp(epochs.time_of(height), UTC)
        err.print(f"· block {height}: about {moment:%Y-%m-%d %H:%M} UTC", style="dim", highlight=False)
    elif form == "table":
        shown = epochs.epochs[-last:]
    columns = ("epoch", "first_height", "began_utc", "dated", "difficulty", "change_percent", "days")
    rows = []
    for one in shown:
        before = epochs.epochs[one.number - 1].target if one.number else one.target
        change = f"{float(Fraction(before, one.target) - 1) * 100:+.2f}"
        began = datetime.fromtimestamp(one.start, UTC).strftime("%Y-%m-%d %H:%M:%S")
        took = f"{one.seconds / 86_400:.3f}" if one.number + 1 < len(epochs.epochs) else ""
        rows.append((one.number, one.first_height, began, one.dated, f"{float(difficulty_of(one.target)):.17g}", change, took))
    write_rows(columns, rows, form, output)


@app.command
def hashprice(
    files: Files,
    /,
    *,
    first: Annotated[date | None, Parameter(name="--from")] = None,
    until: Annotated[date | None, Parameter(name="--to")] = None,
    by: Literal["day", "month", "year"] = "month",
    assumed_fee: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show what a petahash a second brought, by day, month or year, with what it is made of and how good that is.

    Parameters
    ----------
    first
        The first day.
    until
        The last day.
    by
        Days, or means over months or years.
    assumed_fee
        BTC of fees per block for days that nobody knows them of; without it such days are missing.
    """
    from skarb.app.mining import load
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import hashprice_rows

    need(files, "file")
    form = format_of(format, output)
    check_outputs((output,), files)
    past = load(files, None if assumed_fee is None else number("assumed_fee", assumed_fee))
    _notes(past.notes)
    days = past.since(first or from_day(past.history[0].day), until)
    write_rows(*hashprice_rows(days, by), form, output)


@app.command
def backtest(
    files: Files,
    /,
    *,
    machines: str = "s9,s17-pro,s19,s19-xp,s21",
    usd_kwh: str = "0.03,0.05,0.07",
    first: Annotated[int, Parameter(name="--from")] = 2016,
    given: Given = _USUAL,
) -> None:
    """Try the past: what a megawatt of each machine would have left each year, running always or only on days that pay.

    No machine's price and no tax is in it. An incomplete year has an asterisk: the machine was not out yet, or days are missing.

    Parameters
    ----------
    machines
        Machines of the catalogue, joined by commas.
    usd_kwh
        Prices of electricity at the meter, joined by commas.
    first
        The first year.
    """
    from skarb.app import mining as work
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import BACKTEST, backtest_rows
    from skarb.mining.backtest import backtest as reckon
    from skarb.mining.catalogue import machine as find

    need(files, "file")
    form = _form(given, files)
    terms, kinds = given.terms(), [find(one.strip()) for one in machines.split(",")]
    prices = [number("usd_kwh", one.strip()) for one in usd_kwh.split(",")]
    past = work.load(files)
    _notes(past.notes)
    results = list(reckon(past.since(date(first, 1, 1)), kinds, prices, terms))
    _answer(BACKTEST, backtest_rows(results, terms, form == "table"), work.inputs_of(past, terms)[-3:], form, given.output)


@app.command
def standing(
    files: Files,
    /,
    *,
    fleet: str,
    usd_kwh: str = "0.05",
    at: date | None = None,
    given: Given = _USUAL,
) -> None:
    """Say how each kind of machine of a fleet stands: its break-even price, hours a month that pay, and which to retire first.

    Parameters
    ----------
    fleet
        Machines and how many, such as s19=1000,s21=500.
    usd_kwh
        The price of electricity at the meter.
    at
        The day; by default the last one that is known.
    """
    from skarb.app import mining as work
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import STANDING, standing_rows

    need(files, "file")
    form, terms = _form(given, files), given.terms()
    past = work.load(files)
    found = work.standing(past, work.read_fleet(fleet), number("usd_kwh", usd_kwh), terms, at)
    _answer(
        STANDING,
        standing_rows(found, terms),
        [*work.inputs_of(past, terms, at), *_as_inputs({"usd_per_kwh": usd_kwh})],
        form,
        given.output,
    )


@app.command
def compare(
    files: Files,
    /,
    *,
    fleet: str = "s21=1",
    country: str = "by",
    at: date | None = None,
    given: Given = _USUAL,
) -> None:
    """Set what a megawatt-hour is worth to a fleet against what making it costs and what else it could do, in each kind of hour.

    The range of mining is that of the year before; the other ranges say how well their figures are known. `better` is yes or no only where the
    whole ranges say so.

    Parameters
    ----------
    fleet
        Machines and how many, such as s19=1000,s21=500.
    country
        Whose power system.
    at
        The day; by default the last one that is known.
    """
    from skarb.app import mining as work
    from skarb.app.mining_tables import COMPARE, compare_rows

    need(files, "file")
    form, terms = _form(given, files), given.terms()
    past = work.load(files)
    power = work.power_of(country, from_day(past.at(at).day), terms.uptime)
    parts = work.read_fleet(fleet)
    worth, verdicts = work.compare(past, parts, power, terms, at)
    inputs = [*work.inputs_of(past, terms, at), worth, *power.costs, *power.uses, *power.usd_kwh]
    _answer(COMPARE, compare_rows(verdicts, parts.power_mw(terms)), inputs, form, given.output)


@app.command
def footprint(
    files: Files,
    /,
    *,
    listed: Path,
    usd_kwh: str = "0.05",
    first: Annotated[date, Parameter(name="--from")] = date(2014, 6, 1),
    until: Annotated[date | None, Parameter(name="--to")] = None,
    by: Literal["day", "month", "year"] = "year",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Reckon how much electricity all miners take, by the method of the Cambridge index: the mean of the machines that pay.

    Parameters
    ----------
    listed
        The list of machines: CSV with UNIX_date_of_release and Efficiency_J_Gh. It must reach to the last day, or newer machines are not counted.
    usd_kwh
        The price of electricity that decides which machines pay.
    first
        The first day.
    until
        The last day.
    by
        Days, or means over months or years.
    """
    from skarb.app.mining import load
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import footprint_rows
    from skarb.mining.footprint import annualised_twh, read_listed

    need(files, "file")
    form = format_of(format, output)
    check_outputs((output,), [*files, listed])
    machines = read_listed(listed.read_bytes(), listed.name)
    past = load(files)
    _notes(past.notes)
    newest = from_day(max(one.released for one in machines))
    _notes([f"the newest machine of {listed.name} is of {newest}; of days long after it this says little"])
    curve = annualised_twh(past.since(first, until), machines, float(number("usd_kwh", usd_kwh)))
    write_rows(*footprint_rows(curve, by), form, output)


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
        from skarb.app.mining import Asked
        from skarb.app.mining_cases import number
        from skarb.mining.catalogue import machine

        if not (1 <= self.count <= 100_000 and 1 <= self.years <= 20):
            raise Usage(f"--count {self.count} --years {self.years}: expected 1 to 100000 scenarios of 1 to 20 years")
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


@app.command
def scenarios(files: Files, /, *, drawing: Drawing = _DRAWN, given: Given = _USUAL) -> None:
    """Draw price and difficulty for years to come, and value a megawatt of each machine in every one of them.

    Tells net present value and payback as ranges, the share of scenarios that pay machines back, and when a machine stops paying in half of them.
    How the future is drawn stands in docs/mining.md.
    """
    from skarb.app import mining as work
    from skarb.app.mining_tables import SCENARIOS, scenario_inputs, scenario_rows, scenario_table

    need(files, "file")
    form, asked = _form(given, files), drawing.asked(given)
    past = work.load(files)
    _notes(past.notes)
    drawn = work.draw(past, asked)
    inputs = [*work.inputs_of(past, asked.terms), *scenario_inputs(drawn)]
    columns, rows = scenario_table(drawn) if form == "table" else (SCENARIOS, scenario_rows(drawn))
    _answer(columns, rows, inputs, form, given.output)


@app.command
def report(
    files: Files,
    /,
    *,
    out: Path,
    country: str = "by",
    language: Annotated[str, Parameter(name="--in")] = "en",
    drawing: Drawing = _DRAWN,
    given: Given = _USUAL,
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
    _notes(notes)
    err.print(f"· {out}: {', '.join(written)}", style="dim", markup=False, highlight=False)


@app.command
def machines(*, output: Path | None = None, format: Format | None = None) -> None:  # noqa: A002
    """List the machines that are known here, with their name plates and sources, and what is supposed where nothing is said."""
    from skarb.app.mining_tables import plain
    from skarb.mining.catalogue import machines as known
    from skarb.mining.catalogue import supposed

    form = format_of(format, output)
    check_outputs((output,), ())
    columns = ("code", "name", "j_per_th", "th_s", "watt", "released", "source", "note")
    rows = [
        (
            one.code,
            one.name,
            plain(one.efficiency_j_th),
            plain(one.hashrate_th_s),
            plain(one.power_w),
            one.released.isoformat(),
            one.source,
            one.note,
        )
        for one in known().values()
    ]
    _answer(columns, rows, list(supposed().values()), form, output)


def _form(given: Given, files: Iterable[Path] = ()) -> Format:
    form = format_of(given.format, given.output)
    check_outputs((given.output,), files)
    return form


def _notes(notes: Iterable[str]) -> None:
    for note in notes:
        err.print(f"· {note}", style="dim", markup=False, highlight=False)


def _as_inputs(values: dict[str, Any], source: str = "as asked for") -> list[Any]:
    from skarb.mining.compare import Figure

    return [Figure.exactly(name, Fraction(value), "", source, "given") for name, value in values.items()]


def _answer(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], inputs: Iterable[Any], form: Format, output: Path | None
) -> None:
    """Write an answer, its inputs beside it: in the same JSON object, in a second table, or as notes beside CSV and Parquet."""
    from skarb.app.mining_tables import INPUTS, input_rows

    beside = input_rows(inputs)
    if form == "json":
        whole = {
            "answer": [dict(zip(columns, row, strict=True)) for row in rows],
            "inputs": [dict(zip(INPUTS, row, strict=True)) for row in beside],
        }
        text = msgspec.json.format(msgspec.json.encode(whole))
        if output is None:
            out.print_json(text.decode())
        else:
            output.write_bytes(text + b"\n")
        return
    write_rows(columns, rows, form, output)
    if form == "table":
        if beside:
            write_rows(INPUTS, beside, "table", None, "What this rests on")
        return
    _notes(f"{name} {value} ({low} to {high}) {unit}, {good}: {source}" for name, value, low, high, unit, good, source in beside)
