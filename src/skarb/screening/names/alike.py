"""How alike two names are, roughly: word by word, all letters of a word at once.

The functions run under the interpreter or, the same source, compiled, together with the kernel that chooses whom to compare; see core/compiled.py.
"""

from __future__ import annotations

from typing import Any

Array = Any
LITTLE = 0.48  # a word that weighs less may be missing without its letters being counted


def alike(
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
        start = before(ends, i)
        length = ends[i] - start
        like = 0.0
        for j in range(begin, end):
            other = before(other_ends, j)
            same = bones[i] != 0 and bones[i] == other_bones[j]
            one = _word_like(letters, start, length, others, other, other_ends[j] - other, same, masks, 64 * (i - first))
            like = max(like, one)
            near[j - begin] = max(near[j - begin], one)
        if like == 0.0:
            left += weights[i]
            if weights[i] >= LITTLE:
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
            if other_weights[j] >= LITTLE:
                lacking += other_ends[j] - before(other_ends, j)
    against = min(left, open_)
    share = answered / (weight + against + reading[4] * (left - against) + reading[5] * (open_ - against))
    edits = min(edits + max(missing, lacking), reading[3])
    return reading[0] * share - reading[1] * against / (weight + max(left, open_)) - reading[2] * edits / reading[3]


def before(ends: Array, at: int) -> Any:
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


def mask(letters: Array, ends: Array, first: int, last: int, masks: Array, put: bool) -> None:
    """Write for each word and each letter where the letter stands in the word, one bit for a place; or take that out again."""
    for i in range(first, last):
        start = before(ends, i)
        for at in range(start, ends[i]):
            place = 64 * (i - first) + int(letters[at])
            if put:
                masks[place] |= 1 << (at - start)
            else:
                masks[place] = 0


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
