"""`skarb law import`: parameters of other systems, written as ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from skarb.app.law import rulebook_of
from skarb.app.law_import import LEFT_OUT, import_openfisca
from skarb.cli.output import out, table
from skarb.core.counted import counted

app = App(name="import", help="Write the parameters of other systems as ours.")


@app.command
def openfisca(
    folder: Path, /, *, target: Annotated[Path, Parameter(name="--out")], law: str | None = None, currency: str = ""
) -> None:
    """Write OpenFisca's parameters as a folder of ours: values by date with their units and sources.

    Example: `skarb law import openfisca openfisca_country_template/parameters --out imported`

    A scale of brackets becomes a series for each threshold, rate and amount; flags become counts of 0 and 1. What our parameters cannot say
    (texts, lists, negative numbers, a currency that is not named) leaves a gap and is listed with its reason in `left_out.csv`.

    Parameters
    ----------
    folder
        OpenFisca's folder of parameters.
    target
        A new folder. Without --law it is a country of its own that `skarb law check` reads.
    law
        A shipped country or the folder of a law that the parameters are meant for: its currency and its lowest rank of acts are used.
    currency
        What a unit means that says "currency" and not which.
    """
    found = import_openfisca(folder, target, None if law is None else rulebook_of(law).country, currency)
    if found.left:
        out.print(table(("path", "reason"), ((one.path, one.reason) for one in found.left[:20]), "Left out"))
        if len(found.left) > 20:
            out.print(f"and {len(found.left) - 20} more in {target / LEFT_OUT}")
    values = sum(len(one.values) for one in found.series)
    out.print(
        f"{counted(len(found.series), 'parameter')} with {counted(values, 'value')} and {counted(len(found.sources), 'source')} "
        f"written to {target}; {len(found.left)} left out"
    )
