"""Editions share the provisions that mean the same in them, and no others."""

from __future__ import annotations

from skarb.app.law import rulebook_of
from skarb.rulebook import Edition, Rulebook


def alone(law: Rulebook, day: int) -> Edition:
    """An edition that was made without looking at another one."""
    return Rulebook(law.pack, law.facts).edition(day)


def test_an_edition_made_after_others_is_the_one_made_alone() -> None:
    for code in ("by", "zz"):
        law = rulebook_of(code)
        made = [law.edition(day) for day in law.boundaries]
        shared = 0
        for before, one, day in zip([None, *made], made, law.boundaries, strict=False):
            fresh = alone(law, day)
            assert one.provisions == fresh.provisions
            assert one.hash == fresh.hash
            shared += sum(one.provisions[name] is before.provisions.get(name) for name in one.provisions) if before else 0
        assert shared > 0


def test_a_changed_parameter_changes_those_that_name_it() -> None:
    law = rulebook_of("by")
    day = law.boundaries[-1]
    before, tried = law.edition(day), 0
    for name, node in before.parameters.items():
        others = [value.value for value in law.pack.parameters[name].values if value.node != node]
        if others:
            changed, tried = law.with_parameter(name, others[0], day).edition(day), tried + 1
            assert changed.provisions == alone(law.with_parameter(name, others[0], day), day).provisions
            assert all(
                one is not changed.provisions[key] for key, one in before.provisions.items() if one != changed.provisions[key]
            )
    assert tried
