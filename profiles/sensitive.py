"""Profiles that keep no raw value of what identifies people.

A column is sensitive because the policy says so, or because its values look it: nearly all distinct text
(ids, free text), e-mail addresses, card numbers. Everything happens on the profile, after the values were
counted, so that a baseline that somebody else made is treated like a window.

- Named in the policy: a frequent value becomes a digest, the same for the same model, value and salt, so
  that categories can still be compared; numbers and times keep their counts and no distribution.
- Inferred: the values are left out. Their digests would be of no use (ids never come back) or could be
  turned back by trying (card numbers); left out on one side only, they change no distance.

A digest hides a value from the eye and from search. Whoever holds the salt and a list of candidates can
test them.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import blake2b

from profiles.profile import Column

# The share of values that are distinct: hash sketches err by 2 %, categories repeat.
_NEARLY_ALL = 0.95
_LONGEST_CATEGORY = 64
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_CARD_DIGITS = range(13, 20)
# One number of ten passes Luhn's check by chance.
_MOST_PASS = 0.9
_SAMPLE = 1000


def discreet(profile: bytes, named: Collection[str], salt: str, *, at: datetime) -> bytes:
    """Return a profile without raw values of sensitive columns; itself where there are none.

    `named` are the columns that the policy calls sensitive (a struct's name stands for its fields), `salt`
    goes into every digest: the model's name. `at` becomes the profile's timestamps. Raises
    ProfileUnreadable where the profile is damaged.
    """
    from profiles.sketch import read, without_values

    items: dict[str, Mapping[str, int]] = {}
    bare = set[str]()
    for name, column in read(profile).columns.items():
        if column.kind in ("text", "embedding"):
            # Neither holds a value, and what is derived of them are lengths and shares.
            continue
        if any(name == each or name.startswith(f"{each}.") for each in named):
            items[name] = {} if _identifies(column) else _digests(column.categories or {}, salt)
            bare.add(name)
        elif column.kind == "category":
            kept = {} if _identifies(column) else _harmless(column.categories or {})
            if kept != dict(column.categories or {}):
                items[name] = kept
        elif column.kind == "number" and _holds_cards(column):
            items[name] = {}
            bare.add(name)
    return without_values(profile, items, bare, at=at) if items else profile


def digest(value: str, salt: str) -> str:
    """Return 16 hexadecimal digits: BLAKE2b of the value under a key made of the salt."""
    key = blake2b(salt.encode(), digest_size=32).digest()
    return blake2b(value.encode(), key=key, digest_size=8).hexdigest()


def is_card_number(digits: str) -> bool:
    """Say whether 13 to 19 digits pass Luhn's check (ISO/IEC 7812-1, annex B)."""
    if len(digits) not in _CARD_DIGITS or not digits.isascii() or not digits.isdigit():
        return False
    doubled = [2 * int(digit) for digit in reversed(digits)][1::2]
    plain = [int(digit) for digit in reversed(digits)][::2]
    return (sum(plain) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0  # noqa: PLR2004


def _identifies(column: Column) -> bool:
    """Say whether text is nearly all distinct, with more than one value."""
    return (
        column.kind == "category" and column.present > 1 and column.distinct >= _NEARLY_ALL * column.present
    )


def _digests(items: Mapping[str, int], salt: str) -> Mapping[str, int]:
    return {digest(item, salt): count for item, count in items.items()}


def _harmless(items: Mapping[str, int]) -> Mapping[str, int]:
    """Leave out addresses, card numbers and texts too long for a category."""
    return {item: count for item, count in items.items() if not _is_private(item)}


def _is_private(item: str) -> bool:
    if len(item) > _LONGEST_CATEGORY or _EMAIL.search(item):
        return True
    return any(is_card_number(re.sub("[ -]", "", found[0])) for found in _CARD.finditer(item))


def _holds_cards(column: Column) -> bool:
    """Say whether a sample of a column's numbers is mostly card numbers."""
    if column.distribution is None:
        return False
    values = column.distribution.values[:: max(1, column.distribution.values.size // _SAMPLE)]
    if values[0] < 10 ** (_CARD_DIGITS.start - 1) or values[-1] >= 10**_CARD_DIGITS.stop:
        return False
    return sum(is_card_number(str(int(value))) for value in values) >= _MOST_PASS * values.size
