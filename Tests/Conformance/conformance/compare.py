"""When two replies are the same: byte for byte, or as the command's pattern says.

    exact      type by type and byte by byte (the default)
    bag        the elements in any order
    pairs      a flat array of pairs, or a map, in any order
    shape      the same number and types of elements: what is random or depends on hashing
    scan       a whole iteration, in any order
    near       numbers within five seconds: what depends on the clock
    left       of several replies to one command, each element in any order
    error      only whether it is an error, and which text
    encoding   a type and an encoding
    rules      users of the access control list
    pending, groups, consumers, stream, keys    without times, and without what 7.2 has changed

Everywhere a number with decimals counts as a number: Redis 7.0 gives doubles 17 digits, 7.2 the
fewest that will do, and makes -0 a 0 in small sorted sets.
"""

import re

from .resp import Replies, ReplyError

NUMBER = re.compile(rb"-?\d+(\.\d+)?(e[+-]?\d+)?|-0")


def shape(reply):
    """What is left of a reply whose values are free."""
    if isinstance(reply, list):
        return [type(reply).__name__, len(reply)] + [shape(element) for element in reply]
    return reply if isinstance(reply, ReplyError) else type(reply).__name__


def bag(reply):
    """A reply whose order is free."""
    return [type(reply).__name__, *sorted(map(repr, reply))] if isinstance(reply, list) else reply


def pairs(reply):
    """A map, or a flat array of pairs, in a fixed order."""
    if isinstance(reply, list):
        return sorted(repr(reply[index:index + 2]) for index in range(0, len(reply), 2))
    return sorted((key, repr(value)) for key, value in reply.items()) \
        if isinstance(reply, dict) else reply


def scan(reply):
    """A SCAN reply that covers everything."""
    return [reply[0], bag(reply[1])] if isinstance(reply, list) and len(reply) == 2 else reply


def pending(reply):
    """XPENDING's entries without their idle times."""
    return [[entry[0], entry[1], entry[3]] for entry in reply] \
        if isinstance(reply, list) and reply and isinstance(reply[0], list) else reply


def fields(item):
    """A map, or a flat array of names and values, as a dict with names as text."""
    if isinstance(item, dict):
        return {name.strip("b'"): value for name, value in item.items()}
    return {item[index].decode(): item[index + 1] for index in range(0, len(item) - 1, 2)}


def without(reply, *names):
    """Maps without some fields; lists of maps the same."""
    if isinstance(reply, list) and (not reply or not isinstance(reply[0], bytes)):
        return [without(element, *names) for element in reply]
    if not isinstance(reply, (list, dict)):
        return reply
    return [(name, value) for name, value in fields(reply).items() if name not in names]


def groups(reply):
    """XINFO GROUPS without the numbers of consumers: 7.2 makes a consumer that claims nothing."""
    return without(reply, "consumers")


def consumers(reply):
    """XINFO CONSUMERS: those with something pending, without times."""
    if not isinstance(reply, list):
        return reply
    left = [without(item, "idle", "inactive") for item in reply]
    return [item for item in left if ("pending", 0) not in item]


def stream(reply):
    """XINFO STREAM without what tells of Redis's radix tree."""
    return without(reply, "radix-tree-keys", "radix-tree-nodes")


def left(replies):
    """What unsubscribing from everything tells, where the order of the channels is free."""
    if not isinstance(replies, list):
        return replies
    return [sorted(map(repr, part)) for part in zip(*map(list, replies))] \
        if all(isinstance(reply, list) for reply in replies) else replies


def keys(reply):
    """COMMAND GETKEYSANDFLAGS without the flags, some of which 7.2 has changed."""
    return [entry[0] if isinstance(entry, list) else entry for entry in reply] \
        if isinstance(reply, list) else reply


def encoding(reply):
    """A type and OBJECT ENCODING. Short lists and sets are listpacks since 7.2, and a string's
    encoding follows from its value alone here, not from how it came about."""
    if isinstance(reply, list) and len(reply) == 2 and reply[0] in (b"set", b"list", b"string"):
        return [reply[0], type(reply[1]).__name__]
    return reply


def rules(reply):
    """Users without the commands they may run: 7.2 keeps what was said, 7.0 sums it up."""
    return re.sub(r"(?<=[\s'(])[+-][^\s')]*\s*|\s+(?=[)'])", "", repr(reply))


def error(reply):
    """Only whether it is an error."""
    return reply if isinstance(reply, ReplyError) else "fine"


def numbers(reply):
    """A reply with its decimals as numbers."""
    if isinstance(reply, list):
        return type(reply)(numbers(element) for element in reply)
    if isinstance(reply, bytes) and NUMBER.fullmatch(reply) and (
            b"." in reply or b"e" in reply or reply == b"-0" or len(reply) > 16):
        return repr(float(reply) + 0.0).encode()
    return reply


VIEWS = {"bag": bag, "pairs": pairs, "shape": shape, "scan": scan, "pending": pending,
         "groups": groups, "consumers": consumers, "stream": stream, "left": left, "keys": keys,
         "error": error, "encoding": encoding, "rules": rules}


def agree(how, left, right):
    """Whether two replies are the same; `how` is a word, or those of a transaction's commands."""
    if isinstance(left, ReplyError) and isinstance(right, ReplyError) \
            and "NOPERM" in (str(left)[:6], str(right)[:6]):
        # Both refuse; who may not touch a key that cannot be told learns one or the other.
        return True
    if isinstance(how, list):
        if not isinstance(left, list) or not isinstance(right, list):
            return repr(left) == repr(right)
        return len(left) == len(right) == len(how) and all(map(agree, how, left, right))
    if isinstance(left, Replies) and len(left) == len(right) == 1:
        left, right = left[0], right[0]
    if how == "near" and isinstance(left, int) and isinstance(right, int):
        return abs(left - right) <= (5 if max(left, right) < 100_000 else 5000) \
            and (left < 0) == (right < 0)
    left, right = numbers(left), numbers(right)
    view = VIEWS.get(how)
    return repr(view(left)) == repr(view(right)) if view else repr(left) == repr(right)


# Their keys are found by numbers among the arguments, or there must be two of them.
COUNTED = re.compile(r"[SZ](DIFF|UNION|INTER).*|B?[LZ]MPOP|PFMERGE|BITOP|EVAL.*|FCALL.*|XREAD.*"
                     r"|SORT.*|GEO.*|MIGRATE")


def is_stricter(words, left, right):
    """Whether Wingcache refuses what Redis accepts on purpose, so that what follows differs.

    A HyperLogLog that bit operations have broken is found out at once; Redis looks no further than
    it must. And where a command's keys cannot all be found, Redis lets any user run it: PFMERGE
    without sources, ZDIFFSTORE with too few.
    """
    if not isinstance(left, ReplyError):
        return False
    if str(left).startswith("NOPERM"):
        return COUNTED.fullmatch(words[0].upper()) is not None \
            and not (isinstance(right, ReplyError) and str(right).startswith("NOPERM"))
    return not isinstance(right, ReplyError) and str(left).startswith("INVALIDOBJ")


ADDED_ID = re.compile(r"(\d+)-(\d+|\*)")


def is_misplaced(commands):
    """Whether a shortest list of commands that ends in a difference does so because XSETID has
    taken a stream's last ID back.

    Redis 7.0 keeps what trimming has emptied when deleted entries with greater IDs lie in the same
    node. XADD then puts lesser IDs behind those, and Redis finds them in the wrong order, or stops
    trimming before them; Wingcache finds them where their IDs say. Only XSETID leads there: an
    entry of a lesser ID than an earlier one's, in a stream that was not deleted in between.
    """
    words = [[str(word, "latin-1") if isinstance(word, bytes) else word for word in command]
             for command, _ in commands]
    for at, command in enumerate(words):
        if command[0].upper() != "XSETID":
            continue
        before, behind = (
            [(int(found[1]), 0 if found[2] == "*" else int(found[2]))
             for other in part if "XADD" in map(str.upper, other) and command[1] in other
             for found in filter(None, map(ADDED_ID.fullmatch, other))]
            for part in (words[:at], words[at:]))
        if before and behind and min(behind) < max(before) and command[1] in words[-1]:
            return True
    return False


def is_deliberate(words):
    """Whether a spoiled command is one that is answered otherwise than by Redis 7.0 on purpose.

    The reasons: TTL, PTTL and PERSIST take a member, as KeyDB's do. ZRANK and ZREVRANK take
    WITHSCORE, LPOS and LREM refuse a number that cannot be negated, BITCOUNT and BITPOS judge their
    arguments before the key, and XREAD takes +, as in Redis 7.2 and later. SORT by a pattern
    without a star does not sort at all, and leaves sets in any order.
    """
    name = words[0].upper() if words else ""
    return name in ("SORT", "SORT_RO") \
        and any(first.upper() == "BY" and "*" not in second
                for first, second in zip(words, words[1:])) \
        or name in ("TTL", "PTTL", "PERSIST") and len(words) > 2 \
        or name in ("ZRANK", "ZREVRANK") and len(words) > 3 \
        or name in ("LPOS", "LREM") and "-9223372036854775808" in words \
        or name in ("BITCOUNT", "BITPOS") \
        or name in ("XREAD", "XREADGROUP") and "+" in words
