"""Random commands from one-line patterns.

    LPUSH <key:list> <member>+        <kind:argument> stands for a random word of that kind
    SET <key:string> <value> [NX|XX]  [a|b] stands for one of its branches or nothing
    LINSERT <key> (BEFORE|AFTER) x    (a|b) stands for one of its branches
    EVAL 'return 1' 0                 '...' is one word, as it is
                                      + after a thing: one to four times
"""

import hashlib
import random
import re

TOKEN = re.compile(r"'[^']*'|<[^>]+>\+?|[\[\](|)]\+?|[^\s\[\](|)<>']+")

# Few keys and members, so that commands meet what others have left.
KEYS_PER_TYPE = 4
MEMBERS = [f"m{number}" for number in range(12)] + [
    "", "1", "-7", "3.5", "\x01\x00\xff", "longer " * 12]
# Redis compares texts up to their first NUL in SORT ALPHA, so only one member has one, and no
# other begins as it does.
WITH_NUL = "\x01\x00\xff"
MORE_MEMBERS = [f"n{number * 7919 % 10007}" for number in range(500)]
NUMBERS = ["0", "1", "-1", "2", "5", "10", "-3", "100", "127", "128", "4095", "4096", "-4097",
           "65536", "9223372036854775807", "-9223372036854775808"]
ODD_NUMBERS = ["", "abc", "1.5", " 1", "01", "9223372036854775808", "+5", "1e3", "0x10"]
SCORES = ["0", "1", "2", "3", "-1", "1.5", "-0.25", "inf", "-inf", "1e10", "0.1",
          "3.14159265358979"]
ODD_SCORES = ["nan", "", "abc", "1 ", "(1"]
SCORE_BOUNDS = ["-inf", "+inf", "0", "(0", "1", "(1", "2", "(3", "1.5", "-1", "(inf"]
LEX_BOUNDS = ["-", "+", "[m1", "(m1", "[m5", "(m5", "[", "[zz", "m"]
STREAM_IDS = [f"{first}-{second}" for first in range(1, 8) for second in (0, 1, 5)]
# Lengths at which structures, integers of a listpack's head and replies change their form.
LENGTHS = [11, 12, 15, 16, 17, 63, 64, 65, 126, 127, 128, 253, 254, 4095, 4096, 8191, 8192, 16384]
# Out of every range, and without effects that would take gigabytes or seconds.
HOSTILE = ["", " ", "abc", "-", "+", "nan", "-1", "1.5", "9223372036854775807",
           "-9223372036854775808", "9223372036854775808", "18446744073709551616", "4294967296",
           "0x10", "1e400", "a\r\nb", "\xff\xfe", "x" * 300]
PLACES = [("13.361389", "38.115556"), ("15.087269", "37.502669"), ("2.3522", "48.8566"),
          ("-0.1276", "51.5072"), ("13.4050", "52.5200"), ("179.9", "-84.9"), ("0", "0")]

# What SCRIPT LOAD and EVALSHA agree on.
SCRIPTS = ["return 1", "return KEYS[1]", "return redis.call('get', KEYS[1])", "return {ARGV[1], 2}",
           "return redis.call('incr', KEYS[1])", "this is no Lua"]


class Words:
    """Makes the words that patterns ask for."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        # Every fourth round has larger collections: more members, and more of them a command.
        self.is_large = seed % 4 == 3
        self.members = MEMBERS + MORE_MEMBERS if self.is_large else MEMBERS
        self.repeats_max = 24 if self.is_large else 4

    def pick(self, options):
        """One of the options."""
        return options[int(self.random.random() * len(options))]

    def chance(self, probability):
        """True so often."""
        return self.random.random() < probability

    def repetitions(self):
        """How often something comes that may come again, mostly a few times."""
        return 1 + int(self.random.random() ** 2 * self.repeats_max)

    def key(self, kind):
        """A key that mostly holds the kind, sometimes another, so that WRONGTYPE is met."""
        # A lexset is a sorted set whose scores are all 0, so no others may come in between; and
        # members of a geo set are never equally far from anywhere.
        if kind != "lexset" and self.chance(0.03):
            kinds = ["string", "list", "hash", "set", "stream"]
            kind = self.pick(kinds if kind == "geo" else [*kinds, "zset"])
        return f"{kind}:{int(self.random.random() * KEYS_PER_TYPE)}"

    def word(self, kind, argument):
        """One word, or a list of words."""
        return getattr(self, "make_" + kind)(argument)

    def make_key(self, kind):
        return self.key(kind or "string")

    def make_member(self, _):
        return self.pick(self.members)

    def make_plain(self, _):
        # For what Redis ends at a NUL: simple strings and errors.
        return self.pick([member for member in MEMBERS if "\x00" not in member])

    def make_value(self, _):
        if self.chance(0.5):
            return self.pick(NUMBERS)
        if self.chance(0.03):
            return "v" * self.pick(LENGTHS)
        member = self.pick(self.members)
        return member if member == WITH_NUL else member * int(1 + self.random.random() * 4)

    def make_blob(self, _):
        return "".join(chr(int(self.random.random() * 256)) for _ in
                       range(int(self.random.random() * 40)))

    def make_int(self, bounds):
        if self.chance(0.02):
            return self.pick(ODD_NUMBERS)
        if bounds:
            low, high = bounds.split("..")
            return str(self.random.randint(int(low), int(high)))
        return self.pick(NUMBERS)

    def make_float(self, _):
        if self.is_large and self.chance(0.7):
            return str(self.random.randint(-400, 400) / 4)
        return self.pick(ODD_SCORES) if self.chance(0.03) else self.pick(SCORES)

    make_score = make_float

    def make_bound(self, _):
        return self.pick(ODD_SCORES) if self.chance(0.02) else self.pick(SCORE_BOUNDS)

    def make_lex(self, _):
        return self.pick(LEX_BOUNDS)

    def make_index(self, _):
        if self.is_large and self.chance(0.5):
            return str(self.random.randint(-400, 400))
        return str(self.random.randint(-15, 15))

    def make_id(self, _):
        if self.is_large and self.chance(0.9):
            return f"{self.random.randint(8, 2000)}-{self.random.randint(0, 3)}"
        return self.pick(STREAM_IDS)

    def make_partid(self, _):
        return f"{self.random.randint(3, 9)}-*"

    def make_range(self, _):
        return self.pick(["-", "+", "(2-0", "3", "(5-1", *STREAM_IDS])

    def make_place(self, _):
        return list(self.pick(PLACES))

    def make_placed(self, _):
        # Two places for each member, none of them another's.
        number = int(self.random.random() * len(MEMBERS))
        place = 2 * number + int(self.random.random() * 2)
        return [repr(place * 7.0817 - 130.3), repr(place * 3.3719 - 61.7), MEMBERS[number]]

    def make_text(self, _):
        return "".join(self.pick(["a", "b", "c", "d"]) for _ in range(self.random.randint(0, 12)))

    def make_channel(self, _):
        return self.pick(["news", "news.art", "sport", "weather"])

    def make_channelpattern(self, _):
        return self.pick(["*", "news*", "n?ws", "[ns]*", "sport", "news.*"])

    def make_script(self, _):
        return self.pick(SCRIPTS)

    def make_sha(self, _):
        if self.chance(0.1):
            return self.pick(["", "f" * 40, "abc"])
        sha = hashlib.sha1(self.pick(SCRIPTS).encode()).hexdigest()
        return sha if self.chance(0.8) else sha.upper()

    def make_pattern(self, _):
        return self.pick(["*", "m*", "m[1-5]", "?1", "*:1", "nothing", "s*", "[^m]*"])

    def make_kind(self, _):
        return self.pick(["string", "list", "hash", "set", "zset", "stream"])

    def make_anykey(self, _):
        return self.key(self.make_kind(None))


def parse(pattern):
    """A pattern as a tree: text, ("word", kind, argument, repeats), ("one", branches, optional)."""
    tokens = TOKEN.findall(pattern)
    tree, rest = parse_sequence(tokens, 0)
    if rest != len(tokens):
        raise ValueError(f"unbalanced pattern: {pattern}")
    return tree


def parse_sequence(tokens, index):
    """Parses until a closing bracket, a bar or the end."""
    tree = []
    while index < len(tokens):
        token = tokens[index]
        if token[0] in "])|":
            break
        if token[0] in "[(":
            branches, index, repeats = parse_branches(tokens, index + 1)
            tree.append(("one", branches, token[0] == "[", repeats))
            continue
        if token[0] == "<":
            kind, _, argument = token.strip("<>+").partition(":")
            tree.append(("word", kind, argument, token.endswith("+")))
        else:
            tree.append(("text", token.strip("'")))
        index += 1
    return tree, index


def parse_branches(tokens, index):
    """Parses branches up to the closing bracket."""
    branches = []
    while True:
        branch, index = parse_sequence(tokens, index)
        branches.append(branch)
        closing = tokens[index]
        index += 1
        if closing[0] in "])":
            return branches, index, closing.endswith("+")


def expand(tree, words, into):
    """Appends a random command's words."""
    for node in tree:
        if node[0] == "text":
            into.append(node[1])
        elif node[0] == "word":
            for _ in range(words.repetitions() if node[3] else 1):
                made = words.word(node[1], node[2])
                into.extend(made) if isinstance(made, list) else into.append(made)
        else:
            _, branches, optional, repeats = node
            for _ in range(words.repetitions() if repeats else 1):
                if optional and words.chance(0.5):
                    continue
                expand(words.pick(branches), words, into)


def mutate(command, words):
    """Spoils a command: an argument too many or too few, doubled, hostile, or in other letters."""
    kind = int(words.random.random() * 6)
    place = 1 + int(words.random.random() * max(1, len(command) - 1))
    if kind == 0 or len(command) == 1:
        return command[:-1] if len(command) > 1 else [*command, words.pick(HOSTILE)]
    if kind == 1:
        return [*command, words.pick(HOSTILE)]
    if kind == 2:
        return [*command[:place], *command[place:place + 1], *command[place:]]
    if kind == 3:
        return [word.swapcase() if word.isascii() and word.isalpha() else word for word in command]
    if kind == 4:
        return command[:place] + command[place + 1:]
    return [*command[:place], words.pick(HOSTILE), *command[place + 1:]]
