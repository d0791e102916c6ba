"""Candidates by shared codes: which kept names share the most telling trigrams and skeletons with a name.

The functions run under the interpreter or, the same source, compiled; see core/compiled.py. The rarer a code, the more it tells:
the weight of a shared code is the square of the logarithm of its rarity, and the whole is the cosine of two names.
"""

from __future__ import annotations

from typing import Any

Array = Any


def best(
    codes: Array,
    starts: Array,
    rows: Array,
    rarity: Array,
    norms: Array,
    shortest: float,
    sums: Array,
    places: Array,
    likes: Array,
    floor: float,
) -> int:
    """Write the rows most like a name into `places` with their cosines, at most as many as fit; return how many.

    Shape: rows of a code lie between starts[code] and starts[code + 1]; `sums` is as long as there are rows, all zero, and is left so; `shortest` is
    the least of `norms`: no row whose sum is too small even for that one is like enough.
    """
    own = 0.0
    for code in codes:
        weight = rarity[code] * rarity[code]
        own += weight
        for at in range(starts[code], starts[code + 1]):
            sums[rows[at]] += weight
    if own == 0.0:
        return 0
    own = own**0.5
    room = places.shape[0]
    count = 0
    least = 0
    enough = 0.999 * floor * own * shortest
    for row in range(sums.shape[0]):
        if sums[row] > enough:
            like = sums[row] / (own * norms[row])
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
    for row in range(sums.shape[0]):
        sums[row] = 0.0
    return count


def rough(
    letters: Array,
    ends: Array,
    weights: Array,
    bones: Array,
    all_letters: Array,
    all_ends: Array,
    all_weights: Array,
    all_bones: Array,
    words: Array,
    places: Array,
    reading: Array,
    line: Array,
    told: Array,
) -> None:
    """Write the rough likeness of a name and each of the kept names at some places into `told`.

    Shape: words[row] is where the words of a row end.
    """
    for at in range(places.shape[0]):
        row = places[at]
        told[at] = _alike(
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
            _before(words, row),
            words[row],
            reading,
            line,
        )


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
    line: Array,
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
        begin = _before(words, row)
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
            at = _before(ends, i)
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
            for other in range(norms.shape[0]):
                like = sums[other] / (own * norms[other])
                sums[other] = 0.0
                if like < floor:
                    continue
                if like >= plain or least <= _alike(
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
                    _before(few_words, other),
                    few_words[other],
                    reading,
                    line,
                ):
                    found[count, 0] = row
                    found[count, 1] = other
                    count += 1
        row += 1
    return row, count


def count_codes(letters: Array, ends: Array, bones: Array, base: int, counts: Array) -> None:
    """Count how often each code occurs among kept names."""
    for i in range(ends.shape[0]):
        one = 0
        two = 0
        at = _before(ends, i)
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


def _alike(
    letters: Array,
    ends: Array,
    weights: Array,
    bones: Array,
    first: int,
    last: int,
    others: Array,
    other_ends: Array,
    other_weights: Array,
    other_bones: Array,
    begin: int,
    end: int,
    reading: Array,
    line: Array,
) -> Any:
    """Return the rough likeness of two names, by the same rules as the close one, before the logistic curve.

    It is generous: a word is answered for by any that is spelled about so, has the same bones, is its initial, or begins or ends with it.
    `reading`: the weights of what is answered, replaced, edited, the most edits, and of words too many on this side and on the other.
    """
    answered = 0.0
    weight = 0.0
    left = 0.0
    missing = 0.0
    edits = 0.0
    for i in range(first, last):
        length = ends[i] - _before(ends, i)
        like = _nearest(letters, ends, bones, i, others, other_ends, other_bones, begin, end, line)
        if like == 0.0:
            left += weights[i]
            missing += length
        else:
            answered += weights[i] * like
            weight += weights[i]
            edits += (1.0 - like) * length
    if answered == 0.0:
        return -reading[0]
    open_ = 0.0
    lacking = 0.0
    for j in range(begin, end):
        if _nearest(others, other_ends, other_bones, j, letters, ends, bones, first, last, line) == 0.0:
            open_ += other_weights[j]
            lacking += other_ends[j] - _before(other_ends, j)
    against = min(left, open_)
    share = answered / (weight + against + reading[4] * (left - against) + reading[5] * (open_ - against))
    edits = min(edits + max(missing, lacking), reading[3])
    return reading[0] * share - reading[1] * against / (weight + max(left, open_)) - reading[2] * edits / reading[3]


def _before(ends: Array, at: int) -> Any:
    """Return where something begins, of which it is known where each ends."""
    begin = 0
    if at > 0:
        begin = ends[at - 1]
    return begin


def _nearest(
    letters: Array,
    ends: Array,
    bones: Array,
    i: int,
    others: Array,
    other_ends: Array,
    other_bones: Array,
    begin: int,
    end: int,
    line: Array,
) -> Any:
    """Return how alike a word is to the one most like it among others; nothing when none is alike at all."""
    start = _before(ends, i)
    length = ends[i] - start
    best = 0.0
    for j in range(begin, end):
        other = _before(other_ends, j)
        size = other_ends[j] - other
        if bones[i] != 0 and bones[i] == other_bones[j]:
            best = max(best, 0.85)
        if length == 1 or size == 1:
            if letters[start] == others[other]:
                best = max(best, 0.85)
            continue
        longest = max(length, size)
        shortest = min(length, size)
        if 3 * (longest - shortest) > longest:
            if best < 0.8 and shortest > 2 and _within(letters, start, length, others, other, size, shortest):
                best = 0.8
            continue
        like = 1.0 - _distance(letters, start, length, others, other, size, line) / longest
        if like >= 0.65:
            best = max(best, like)
            if best == 1.0:
                break
    return best


def _within(left: Array, start: int, length: int, right: Array, other: int, size: int, shortest: int) -> bool:
    """Tell whether the longer of two words begins or ends with the shorter, as when two words are written together."""
    begins = True
    ends = True
    for at in range(shortest):
        begins = begins and left[start + at] == right[other + at]
        ends = ends and left[start + length - 1 - at] == right[other + size - 1 - at]
    return begins or ends


def _distance(left: Array, start: int, length: int, right: Array, other: int, size: int, line: Array) -> Any:
    """Return how many letters must be changed, added or left out; `line` is longer than any word."""
    for j in range(size + 1):
        line[j] = j
    for i in range(1, length + 1):
        corner = line[0]
        line[0] = i
        for j in range(1, size + 1):
            above = line[j]
            cost = corner
            if left[start + i - 1] != right[other + j - 1]:
                cost = min(corner, above, line[j - 1]) + 1
            line[j] = cost
            corner = above
    return line[size]
