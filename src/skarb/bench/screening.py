"""Screening by name: how well, how fast, and beside whom.

How well is measured on labelled names of others, which do not come with Skarb: `--data` or SKARB_DATA names their folder, and
every file of a known form below it is read. Pairs (`name1,name2,is_match`) give F1; lists of people that must and must not be
found (`*positives*.csv`, `*negatives*.csv`), screened against the United Nations' list beside them, give recall, the share of
alerts among the innocent, and the largest share of alerts with the same two numbers. How fast is measured on names made up from a
seed: 20,000 on the list, half of the queries damaged copies of them. A query is everything from the text to the answer, one at a
time, on one core.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree
from rapidfuzz import fuzz, process

from skarb.bench.machine import hash_us, machine
from skarb.bench.made_names import damaged, made_names
from skarb.core.screening_list import Described, Gender, Identifiers, Listed, Name, NameKind, ScreeningList, SubjectKind
from skarb.screening.names import Clients, NameScreen, Reader
from skarb.screening.names.fold import fold
from skarb.screening.names.logic import logic_version
from skarb.screening.names.reader import Method

SEED = 7
LISTED, QUERIES = 20_000, 4_000
CLIENTS, DELTA = 1_000_000, 50
KINDS: dict[str, SubjectKind] = {
    "Person": "person",
    "Company": "entity",
    "Organization": "entity",
    "Vessel": "vessel",
    "Airplane": "aircraft",
}
_AS_OF = date(2026, 1, 1)
Pair = tuple[str, str, SubjectKind, bool]


def bench(data: Path | None = None, clients: int = CLIENTS) -> dict[str, object]:
    """Return all figures; those whose data is not there are null, with the reason."""
    folder = data or (Path(named) if (named := os.environ.get("SKARB_DATA")) else None)
    pairs = read_pairs(folder)
    people = read_people(folder)
    figures: dict[str, object] = {
        "f1": None,
        "queries_per_s": None,
        "recall": None,
        "alert_share": None,
        "tie_share": None,
        "rescreen_s": None,
    }
    figures["method"] = Reader().method
    means: tuple[Method, ...] = ("best", "rules") if logic_version() else ("rules",)
    without: dict[str, object] = {}
    for method in means:
        found = _quality(method, pairs, people) | _speed(method)
        if method == "rules":
            without = found
        if method == "best" or len(means) == 1:
            figures |= found
    figures |= _rescreen(clients)
    if not pairs:
        figures["f1_missing"] = _missing(folder, "pairs: name1,name2,is_match")
    if people is None:
        figures["recall_missing"] = _missing(folder, "*positives*.csv, *negatives*.csv and a list of the United Nations (XML)")
    figures["rules_without_extra"] = without
    figures["rapidfuzz_full_scan"] = _rapidfuzz(pairs)
    figures["nomenklatura_logic_v2"] = _nomenklatura(pairs)
    return figures | {"hash_us": hash_us(), "machine": machine()}


def _missing(folder: Path | None, what: str) -> str:
    return f"no file of the form ({what}) " + (
        "was looked for: name a folder with --data or SKARB_DATA" if folder is None else f"below {folder}"
    )


# How well ----------------------------------------------------------------------------------------------------------------


def read_pairs(folder: Path | None) -> list[Pair]:
    """Return all labelled pairs below a folder, each once."""
    found: dict[Pair, None] = {}
    for row in _rows(folder, "*.csv", {"name1", "name2", "is_match", "schema"}):
        found[row["name1"], row["name2"], KINDS.get(row["schema"], "unknown"), row["is_match"].lower() == "true"] = None
    return list(found)


def read_people(folder: Path | None) -> tuple[list[Described], list[Described], ScreeningList] | None:
    """Return who must be found, who must not, and the list; nothing when one of the three is missing."""
    columns = {"full_name", "date_of_birth", "gender"}
    positives, negatives = (
        [_person(row) for row in _rows(folder, f"*{word}*.csv", columns)] for word in ("positives", "negatives")
    )
    lists = [read_un(path) for path in _un_lists(folder)]
    return (positives, negatives, _together(lists)) if positives and negatives and lists else None


def _un_lists(folder: Path | None) -> list[Path]:
    """Return the lists of the United Nations below a folder, of whatever day; their root tells."""
    files = sorted(path for form in ("*.xml", "*.xml.gz") for path in folder.rglob(form)) if folder is not None else []
    return [path for path in files if b"<CONSOLIDATED_LIST" in _content(path)[:8192]]


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def _together(lists: Sequence[ScreeningList]) -> ScreeningList:
    """Return everybody on some lists, each entry as the last of them has it: who must be found may be on a list of any day."""
    entries = {listed.entry: listed for found in lists for listed in found.entries}
    return msgspec.structs.replace(lists[-1], entries=tuple(entries.values()))


def _rows(folder: Path | None, form: str, columns: set[str]) -> Iterable[dict[str, str]]:
    for path in sorted(folder.rglob(form)) if folder is not None else ():
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.DictReader(file)
            if columns <= set(reader.fieldnames or ()):
                yield from reader


def _person(row: dict[str, str]) -> Described:
    genders: dict[str, Gender] = {"male": "male", "female": "female"}
    born = row["date_of_birth"].strip()
    return Described(
        kind="person",
        names=(Name(text=row["full_name"]),),
        births=(born,) if born else (),
        gender=genders.get(row["gender"], "unknown"),
    )


def read_un(path: Path) -> ScreeningList:
    """Read names, births and genders of the list of the United Nations; all that is needed here."""
    root = etree.fromstring(_content(path))
    entries = [
        _un_entry(node, tag, kind) for tag, kind in (("INDIVIDUAL", "person"), ("ENTITY", "entity")) for node in root.iter(tag)
    ]
    return ScreeningList(
        list="un", regime="un", publisher="United Nations", version=path.name, published=_AS_OF, entries=tuple(entries)
    )


def _un_entry(node: Any, tag: str, kind: Any) -> Listed:
    def text(of: Any, name: str) -> str:
        return " ".join((of.findtext(name) or "").split())

    parts = (text(node, f"{part}_NAME") for part in ("FIRST", "SECOND", "THIRD", "FOURTH"))
    names = [Name(text=" ".join(part for part in parts if part))]
    if text(node, "NAME_ORIGINAL_SCRIPT"):
        names.append(Name(text=text(node, "NAME_ORIGINAL_SCRIPT"), kind="alias"))
    for alias in node.iter(f"{tag}_ALIAS"):
        quality: NameKind = "weak" if text(alias, "QUALITY") == "Low" else "alias"
        if text(alias, "ALIAS_NAME"):
            names.append(Name(text=text(alias, "ALIAS_NAME"), kind=quality))
    births = []
    for birth in node.iter(f"{tag}_DATE_OF_BIRTH"):
        span = "/".join(filter(None, (text(birth, "FROM_YEAR"), text(birth, "TO_YEAR"))))
        births.append(text(birth, "DATE")[:10] or text(birth, "YEAR") or span)
    genders: dict[str, Gender] = {"Male": "male", "Female": "female"}
    return Listed(
        entry=text(node, "REFERENCE_NUMBER") or text(node, "DATAID"),
        kind=kind,
        names=tuple(names),
        births=tuple(filter(None, births)),
        gender=genders.get(text(node, "GENDER"), "unknown"),
    )


def _quality(
    method: Method, pairs: Sequence[Pair], people: tuple[list[Described], list[Described], ScreeningList] | None
) -> dict[str, object]:
    figures: dict[str, object] = {}
    if pairs:
        reader = Reader(method)
        figures["f1"] = f1((reader.policy.verdict(_likeness(reader, pair), 0.0).then != "clear", pair[3]) for pair in pairs)
    if people is not None:
        positives, negatives, screening_list = people
        screen = NameScreen([screening_list], method=method)
        found, wrong = [screen.search(one) for one in positives], [screen.search(one) for one in negatives]
        alerts = [answer.hits[0] for answer in (*found, *wrong) if answer.verdict != "clear" and answer.hits]
        ties = Counter((round(hit.likeness, 4), round(hit.evidence, 2)) for hit in alerts)
        figures["recall"] = sum(answer.verdict != "clear" for answer in found) / len(found)
        figures["alert_share"] = sum(answer.verdict != "clear" for answer in wrong) / len(wrong)
        figures["tie_share"] = max(ties.values(), default=0) / max(len(alerts), 1)
    return figures


def _likeness(reader: Reader, pair: Pair) -> float:
    one, other, kind, _ = pair
    return reader.compare(reader.form(one, kind), kind, reader.listed_form(other, kind), kind)[0]


def f1(answers: Iterable[tuple[bool, bool]]) -> float:
    """Return F1 of answers beside the truth."""
    counted = Counter(answers)
    return 2 * counted[True, True] / max(1, 2 * counted[True, True] + counted[True, False] + counted[False, True])


# How fast ----------------------------------------------------------------------------------------------------------------


def made_list(names: Sequence[tuple[str, SubjectKind]]) -> ScreeningList:
    """Return made-up names as a list, numbered."""
    entries = tuple(Listed(entry=str(at), kind=kind, names=(Name(text=text),)) for at, (text, kind) in enumerate(names))
    return ScreeningList(list="made", regime="own", publisher="made up", version="1", published=_AS_OF, entries=entries)


def _queries(listed: Sequence[tuple[str, SubjectKind]], count: int) -> list[tuple[str, SubjectKind, str]]:
    """Return queries, each with the entry it is about: half are damaged copies, half are about nobody."""
    rng = random.Random(SEED)
    known = {text for text, _ in listed}
    strangers = [one for one in made_names(len(listed) + count, SEED + 1) if one[0] not in known][: count // 2]
    chosen = rng.choices(range(len(listed)), k=count - len(strangers))
    queries = [(damaged(listed[at][0], rng, _latin(listed[at][0])), listed[at][1], str(at)) for at in chosen]
    queries += [(text, kind, "") for text, kind in strangers]
    rng.shuffle(queries)
    return queries


def _latin(text: str) -> str:
    return " ".join(word.folded.capitalize() for word in fold(text, False))


def _speed(method: Method) -> dict[str, object]:
    listed = made_names(LISTED, SEED)
    queries = _queries(listed, QUERIES)
    screen = NameScreen([made_list(listed)], method=method)
    screen.warm()
    for text, kind, _ in queries[:50]:  # compiles, loads tables
        screen.search(Described(kind=kind, names=(Name(text=f"{text} x"),)))
    started, worked = time.perf_counter(), time.process_time()
    answers = [screen.search(Described(kind=kind, names=(Name(text=text),))) for text, kind, _ in queries]
    wall, cpu = time.perf_counter() - started, time.process_time() - worked
    hits = [{hit.entry for hit in answer.hits if hit.stands} for answer in answers]
    about = [entry for _, _, entry in queries]
    return {
        "queries_per_s": len(queries) / cpu,
        "queries_per_s_wall": len(queries) / wall,
        "made_recall": sum(entry in found for entry, found in zip(about, hits, strict=True) if entry) / sum(map(bool, about)),
        "made_alert_share": sum(bool(found) for entry, found in zip(about, hits, strict=True) if not entry) / about.count(""),
    }


def _rescreen(count: int) -> dict[str, object]:
    """Return how long it takes to rescreen so many clients against a few new entries; that of adding the clients beside it."""
    names = made_names(count, SEED + 2)
    delta = made_list(names[: DELTA // 2] + made_names(DELTA - DELTA // 2, SEED + 3))
    use_icu = Reader().use_icu
    clients = Clients(use_icu)
    started = time.perf_counter()
    for number, (text, kind) in enumerate(names):
        clients.add(str(number), (text,), kind)
    added = time.perf_counter() - started

    def look(party: str) -> Identifiers:
        text, kind = names[int(party)]
        return Identifiers(party=party, kind=kind, names=(Name(text=text),))

    small = Clients(use_icu)
    for number, (text, kind) in enumerate(names[:2000]):
        small.add(str(number), (text,), kind)
    small.rescreen(NameScreen([delta]), look)  # compiles, loads tables
    started = time.perf_counter()
    found = clients.rescreen(NameScreen([delta]), look)
    return {
        "rescreen_s": time.perf_counter() - started,
        "rescreen": {
            "clients": count,
            "entries": DELTA,
            "clients_to_look_at": sum(one.answer.verdict != "clear" for one in found),
            "adding_all_clients_s": added,
            "bytes_per_client": clients.bytes / count,
        },
    }


# Others ------------------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return " ".join(word.folded for word in fold(text))


def _rapidfuzz(pairs: Sequence[Pair]) -> dict[str, object]:
    """Every query against every name, in ASCII; the threshold of each scorer is its best one on the pairs themselves, which flatters it."""
    import rapidfuzz

    listed = made_names(LISTED, SEED)
    queries = _queries(listed, 400)
    names = [_plain(text) for text, _ in listed]
    worked = time.process_time()
    for at in range(0, len(queries), 50):
        process.cdist([_plain(text) for text, _, _ in queries[at : at + 50]], names, scorer=fuzz.token_sort_ratio, workers=1)
    figures: dict[str, object] = {
        "version": rapidfuzz.__version__,
        "queries_per_s_token_sort_ratio": len(queries) / (time.process_time() - worked),
    }
    scorers: tuple[Callable[[str, str], float], ...] = (fuzz.token_sort_ratio, fuzz.token_set_ratio, fuzz.WRatio)
    plain = [(_plain(one), _plain(other), truth) for one, other, _, truth in pairs]
    for scorer in scorers:
        figures[f"f1_{scorer.__name__}"] = _best_f1([(scorer(one, other) / 100, truth) for one, other, truth in plain])
    return figures


def _best_f1(scored: Sequence[tuple[float, bool]]) -> float | None:
    return (
        max((f1((value >= at / 100, truth) for value, truth in scored) for at in range(50, 100)), default=None)
        if scored
        else None
    )


def _nomenklatura(pairs: Sequence[Pair]) -> dict[str, object] | str:
    """The algorithm as its users call it: through entities, at its own threshold of 0.7; queries against our candidates of ten."""
    if not logic_version():
        return "not installed: pip install 'skarb[screening]'"
    from followthemoney import ValueEntity, model
    from nomenklatura.matching.logic_v2.model import LogicV2

    config = LogicV2.default_config()
    schemata = {"person": "Person", "vessel": "Vessel", "aircraft": "Airplane", "entity": "Company", "unknown": "LegalEntity"}

    def entity(text: str, kind: SubjectKind, number: str) -> Any:
        made = ValueEntity(model.get(schemata[kind]), {"id": number})
        made.add("name", text)
        return made

    scores = [
        LogicV2.compare(entity(one, kind, f"q{at}"), entity(other, kind, f"r{at}"), config).score
        for at, (one, other, kind, _) in enumerate(pairs)
    ]
    listed = made_names(LISTED, SEED)
    queries = _queries(listed, 200)
    screen = NameScreen([made_list(listed)])
    kept = [entity(text, kind, f"l{at}") for at, (text, kind) in enumerate(listed)]
    worked = time.process_time()
    for at, (text, kind, _) in enumerate(queries):
        one = entity(text, kind, f"s{at}")
        for place in screen.near(text, kind, 10):
            LogicV2.compare(one, kept[place], config)
    return {
        "version": logic_version(),
        "queries_per_s": len(queries) / (time.process_time() - worked),
        "f1": f1((score >= 0.7, truth) for score, (_, _, _, truth) in zip(scores, pairs, strict=True)) if pairs else None,
    }
