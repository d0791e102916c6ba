"""Candidates by shared codes: which kept names share the most telling trigrams and skeletons with a name.

The functions run under the interpreter or, the same source, compiled; see core/compiled.py. The rarer a code, the more it tells:
the weight of a shared code is the square of the logarithm of its rarity, and the whole is the cosine of two names.
"""

from __future__ import annotations

from typing import Any

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
    _mask(letters, ends, 0, ends.shape[0], masks, True)
    kept = 0
    for at in range(count):
        row = places[at]
        like = _alike(
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
    _mask(letters, ends, 0, ends.shape[0], masks, False)
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
            masked = False
            for other in range(norms.shape[0]):
                like = sums[other] / (own * norms[other])
                sums[other] = 0.0
                if like < floor:
                    continue
                if like < plain and not masked:
                    _mask(letters, ends, begin, words[row], masks, True)
                    masked = True
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
                    masks,
                    near,
                ):
                    found[count, 0] = row
                    found[count, 1] = other
                    count += 1
            if masked:
                _mask(letters, ends, begin, words[row], masks, False)
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
    masks: Array,
    near: Array,
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
    for j in range(begin, end):
        near[j - begin] = 0.0
    for i in range(first, last):
        start = _before(ends, i)
        length = ends[i] - start
        like = 0.0
        for j in range(begin, end):
            other = _before(other_ends, j)
            same = bones[i] != 0 and bones[i] == other_bones[j]
            one = _word_like(letters, start, length, others, other, other_ends[j] - other, same, masks, 64 * (i - first))
            like = max(like, one)
            near[j - begin] = max(near[j - begin], one)
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
        if near[j - begin] == 0.0:
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


def _word_like(
    left: Array,
    start: int,
    length: int,
    right: Array,
    other: int,
    size: int,
    same: bool,
    masks: Array,
    mask: int,
) -> Any:
    """Return how alike two words are; nothing when they are not alike at all. `same`: they have the same bones."""
    best = 0.0
    if same:
        best = 0.85
    if length == 1 or size == 1:
        if left[start] == right[other]:
            best = 0.85
        return best
    longest = max(length, size)
    shortest = min(length, size)
    if 3 * (longest - shortest) > longest:
        if best == 0.0 and shortest > 2 and _within(left, start, length, right, other, size, shortest):
            best = 0.8
        return best
    places = masks[mask : mask + 64]
    word = right[other : other + size]
    lacking = 0  # letters that the first word has nowhere: each is one that differs
    for letter in word:
        lacking += places[letter] == 0
    if 1.0 - lacking / longest < 0.65:
        return best
    like = 1.0 - _distance(places, length, word) / longest
    if like >= 0.65:
        best = max(best, like)
    return best


def _within(left: Array, start: int, length: int, right: Array, other: int, size: int, shortest: int) -> bool:
    """Tell whether the longer of two words begins or ends with the shorter, as when two words are written together."""
    begins = True
    ends = True
    for at in range(shortest):
        begins = begins and left[start + at] == right[other + at]
        ends = ends and left[start + length - 1 - at] == right[other + size - 1 - at]
    return begins or ends


def _mask(letters: Array, ends: Array, first: int, last: int, masks: Array, put: bool) -> None:
    """Write for each word and each letter where the letter stands in the word, one bit for a place; or take that out again."""
    for i in range(first, last):
        start = _before(ends, i)
        for at in range(start, ends[i]):
            mask = 64 * (i - first) + int(letters[at])
            if put:
                masks[mask] |= 1 << (at - start)
            else:
                masks[mask] = 0


def _distance(places: Array, length: int, word: Array) -> Any:
    """Return how many letters must be changed, added or left out, all letters of the first word at once: one bit for each.

    `places` has for each letter where it stands in the first word; `up` and `down` are those where the count
    rises and falls from one letter of the first word to the next.
    Source: G. Myers, A fast bit-vector algorithm for approximate string matching, 1999; H. Hyyrö's form of it.
    """
    full = (1 << length) - 1
    last = 1 << (length - 1)
    up = full
    down = 0
    told = length
    for letter in word:
        equal = places[letter]
        across = (((equal & up) + up) ^ up) | equal
        equal |= down
        rises = (down | ~(across | up)) & full
        falls = up & across
        if rises & last:
            told += 1
        elif falls & last:
            told -= 1
        rises = ((rises << 1) | 1) & full
        falls = (falls << 1) & full
        up = falls | (~(equal | rises) & full)
        down = rises & equal
    return told
