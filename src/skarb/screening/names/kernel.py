"""Candidates by shared codes: which kept names share the most telling trigrams and skeletons with a name.

The functions run under the interpreter or, the same source, compiled; see core/compiled.py. The rarer a code, the more it tells:
the weight of a shared code is the square of the logarithm of its rarity, and the whole is the cosine of two names.
"""

from __future__ import annotations

from typing import Any

from skarb.screening.names.alike import alike, before, mask

Array = Any
_BLOCK = 64  # rows


def best(
    codes: Array,
    starts: Array,
    rows: Array,
    rarity: Array,
    norms: Array,
    sums: Array,
    places: Array,
    likes: Array,
    floor: float,
) -> int:
    """Write the rows most like a name into `places` with their cosines, at most as many as fit; return how many.

    Shape: rows of a code lie between starts[code] and starts[code + 1]; `sums` is as long as there are rows, all zero, and is left so.
    """
    own = 0.0
    for code in codes:
        weight = rarity[code] * rarity[code]
        own += weight
        for row in rows[starts[code] : starts[code + 1]]:
            sums[row] += weight
    if own == 0.0:
        return 0
    own = own**0.5
    room = places.shape[0]
    count = 0
    least = 0
    enough = 0.999 * floor * own  # for each unit of a row's norm; a little less than enough, because sums are rounded
    for first in range(0, sums.shape[0], _BLOCK):
        some_sums = sums[first : first + _BLOCK]
        some_norms = norms[first : first + _BLOCK]
        worth = 0
        for at in range(some_sums.shape[0]):  # many rows at once: most blocks hold nobody once `enough` has risen
            worth += some_sums[at] > enough * some_norms[at]
        if worth == 0:
            continue
        for at in range(some_sums.shape[0]):
            if some_sums[at] <= enough * some_norms[at]:
                continue
            row = first + at
            like = some_sums[at] / (own * some_norms[at])
            if like < floor:
                continue
            if count < room:
                places[count] = row
                likes[count] = like
                count += 1
            elif like > likes[least]:
                places[least] = row
                likes[least] = like
            else:
                continue
            if count == room:
                least = 0
                for place in range(1, room):
                    if likes[place] < likes[least]:
                        least = place
                enough = 0.999 * likes[least] * own  # from here on only who is liker than the least gets in
    for row in range(sums.shape[0]):
        sums[row] = 0.0
    return count


def closest(
    codes: Array,
    starts: Array,
    rows: Array,
    rarity: Array,
    norms: Array,
    sums: Array,
    places: Array,
    likes: Array,
    told: Array,
    floor: float,
    plain: float,
    least: float,
    letters: Array,
    ends: Array,
    weights: Array,
    bones: Array,
    all_letters: Array,
    all_ends: Array,
    all_weights: Array,
    all_bones: Array,
    words: Array,
    reading: Array,
    masks: Array,
    near: Array,
) -> int:
    """Write the rows that deserve a close reading beside a name into `places`, the roughly likest first; return how many, -1 if room is short.

    They are those of the best whose cosine is at least `plain` or whose rough likeness, which comes into `told`, is at least `least`.
    Shape: as for `best`; words[row] is where the words of a row end; `masks` has 64 places for every word of the name, all zero, `near` one for
    every word of the longest kept name.
    """
    count = best(codes, starts, rows, rarity, norms, sums, places, likes, floor)
    if count == 0:
        return 0
    if count == places.shape[0] and count < norms.shape[0]:
        fewest = likes[0]
        for at in range(count):
            fewest = min(fewest, likes[at])
        if fewest >= plain:
            return -1
    mask(letters, ends, 0, ends.shape[0], masks, True)
    kept = 0
    for at in range(count):
        row = places[at]
        like = alike(
            letters,
            ends,
            weights,
            bones,
            0,
            ends.shape[0],
            all_letters,
            all_ends,
            all_weights,
            all_bones,
            before(words, row),
            words[row],
            reading,
            masks,
            near,
        )
        if like >= least or likes[at] >= plain:
            to = kept
            while to > 0 and (told[to - 1] < like or (told[to - 1] == like and places[to - 1] > row)):
                told[to] = told[to - 1]
                places[to] = places[to - 1]
                to -= 1
            told[to] = like
            places[to] = row
            kept += 1
    mask(letters, ends, 0, ends.shape[0], masks, False)
    return kept


def meet(
    letters: Array,
    ends: Array,
    weights: Array,
    bones: Array,
    words: Array,
    first: int,
    few_letters: Array,
    few_ends: Array,
    few_weights: Array,
    few_bones: Array,
    few_words: Array,
    starts: Array,
    rows: Array,
    rarity: Array,
    norms: Array,
    sums: Array,
    base: int,
    floor: float,
    plain: float,
    least: float,
    reading: Array,
    masks: Array,
    near: Array,
    found: Array,
) -> tuple[int, int]:
    """Compare many kept names, from the row `first` on, with a few; write pairs that are worth a close reading into `found`.

    A pair is looked at roughly when its cosine is at least `floor`, and written when that is at least `plain` or its rough likeness at least `least`.
    Returns the row to go on from and how many pairs were written: when `found` is full the caller empties it and goes on.
    """
    count = 0
    row = first
    while row < words.shape[0]:
        if count + norms.shape[0] > found.shape[0]:
            break
        begin = before(words, row)
        heaviest = 0.0
        for i in range(begin, words[row]):
            heaviest = max(heaviest, weights[i])
        own = 0.0
        shared = False
        for i in range(begin, words[row]):
            if weights[i] < 0.45 and heaviest >= 0.45:
                continue  # little words find nobody
            one = 0
            two = 0
            at = before(ends, i)
            while at <= ends[i]:
                three = 0
                if at < ends[i]:
                    three = int(letters[at])
                if two > 0:
                    code = (one * base + two) * base + three
                    weight = rarity[code] * rarity[code]
                    own += weight
                    for place in range(starts[code], starts[code + 1]):
                        sums[rows[place]] += weight
                        shared = True
                one = two
                two = three
                at += 1
            if bones[i] > 0:
                code = base * base * base + bones[i] - 1
                weight = rarity[code] * rarity[code]
                own += weight
                for place in range(starts[code], starts[code + 1]):
                    sums[rows[place]] += weight
                    shared = True
        if shared:
            own = own**0.5
            masked = False
            for other in range(norms.shape[0]):
                like = sums[other] / (own * norms[other])
                sums[other] = 0.0
                if like < floor:
                    continue
                if like < plain and not masked:
                    mask(letters, ends, begin, words[row], masks, True)
                    masked = True
                if like >= plain or least <= alike(
                    letters,
                    ends,
                    weights,
                    bones,
                    begin,
                    words[row],
                    few_letters,
                    few_ends,
                    few_weights,
                    few_bones,
                    before(few_words, other),
                    few_words[other],
                    reading,
                    masks,
                    near,
                ):
                    found[count, 0] = row
                    found[count, 1] = other
                    count += 1
            if masked:
                mask(letters, ends, begin, words[row], masks, False)
        row += 1
    return row, count


def count_codes(letters: Array, ends: Array, bones: Array, base: int, counts: Array) -> None:
    """Count how often each code occurs among kept names."""
    for i in range(ends.shape[0]):
        one = 0
        two = 0
        at = before(ends, i)
        while at <= ends[i]:
            three = 0
            if at < ends[i]:
                three = int(letters[at])
            if two > 0:
                counts[(one * base + two) * base + three] += 1
            one = two
            two = three
            at += 1
        if bones[i] > 0:
            counts[base * base * base + bones[i] - 1] += 1
