"""Parameters of other systems, written as a folder of law: parameters, the acts they cite, and a list of what could not be taken over."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from skarb.core.asset import currencies
from skarb.core.errors import Conflict, InputError, NotFound
from skarb.core.time import from_day
from skarb.rulebook import Country
from skarb.rulebook.openfisca import Imported, ImportedSeries, LeftOut, read_openfisca

LEFT_OUT = "left_out.csv"
_ACT = "OF"  # ids of the acts: OF-0 for what names no source, OF-1 … for the sources


def import_openfisca(folder: Path, target: Path, law: Country | None, currency: str) -> Imported:
    """Read OpenFisca's parameters and write them as ours into a new folder; for a known law, or as a country of its own.

    Raises: NotFound, Conflict, InputError
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}; expected OpenFisca's `parameters`")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Conflict(f"{target} is there already and not empty; name a folder that is new")
    if currency and currency not in currencies():
        raise InputError(f"currency {currency!r} is not in ISO 4217, expected a code such as EUR")
    files, unread = dict[str, str](), list[LeftOut]()
    for path in _yaml(folder):
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            unread.append(LeftOut(name, f"no text in UTF-8, from byte {error.start} on"))
    if not files and not unread:
        raise InputError(f"folder {folder} holds no YAML files; expected OpenFisca's `parameters`")
    found = read_openfisca(files, currency or (law.currency if law is not None else ""))
    found.left += unread
    for name, text in _written(folder.name, found, law, currency):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with (target / LEFT_OUT).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "reason"))
        writer.writerows((one.path, one.reason) for one in found.left)
    return found


def _yaml(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in (".yaml", ".yml") and path.is_file())


def _written(name: str, found: Imported, law: Country | None, currency: str) -> Iterator[tuple[str, str]]:
    """Yield the files of the new folder."""
    rank = law.ranks[-1] if law is not None else "source"
    if law is None:
        named = next((one.unit for one in found.series if one.unit in currencies()), "EUR")
        country = {"code": "XX", "name": name, "currency": currency or named, "zone": "UTC"}
        yield "country.yaml", "".join(f"{key}: {_quoted(text)}\n" for key, text in country.items()) + "ranks: [source]\n"
    sources = [(f"OpenFisca, {name}: no source is named", ""), *found.sources]
    acts = (
        f"- id: {_ACT}-{number}\n  title: {_quoted(title)}\n  rank: {rank}\n" + (f"  link: {_quoted(link)}\n" if link else "")
        for number, (title, link) in enumerate(sources)
    )
    yield "acts/openfisca.yaml", "".join(acts)
    by_file: dict[str, list[str]] = {}
    for one in found.series:
        by_file.setdefault(one.name.partition(".")[0], []).append(_series(one))
    for file, texts in by_file.items():
        yield f"parameters/{file}.yaml", "".join(texts)


def _series(one: ImportedSeries) -> str:
    lines = [f"- name: {one.name}", f"  unit: {one.unit}"]
    lines += [f"  title: {_quoted(one.title)}"] if one.title.strip() else []
    lines += [f"  note: {_quoted(one.note)}", "  values:"]
    for value in one.values:
        start, end = ("null" if day is None else from_day(day).isoformat() for day in (value.start, value.end))
        lines.append(f'    - {{from: {start}, to: {end}, value: "{value.value}", cites: {_ACT}-{value.source}}}')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text in double quotes; what JSON escapes YAML reads the same."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)
