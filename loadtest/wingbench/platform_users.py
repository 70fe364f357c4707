"""The platform's traffic: users who read what the cache has of the database, change some of it, and
talk to the coach. Each is a task with a connection of its own that thinks between two actions."""

import asyncio
import bisect
import concurrent.futures
import itertools
import json
import random
import subprocess
import time

from .platform_parts import Client
from .resp import ServerError
from .stats import percentile

USER_COUNT = 3000
CHALLENGE_COUNT = 2000
CONVERSATION_COUNT = 40
MATCH_COUNT = 6000

# What users do, in percent.
ACTIONS = (
    ("challenge", 34), ("reputation", 20), ("location", 16), ("matches", 14), ("assessment", 12),
    ("ask", 3), ("write", 1),
)

# Actions of one person before another one comes.
SESSION_LENGTH = 20
# How often a reputation or a location that is read is the person's own.
OWN_PERCENT = 60

# A talk with the coach ends after so many messages, in the mean; then the same user begins another.
TALK_LENGTH = 40

# How a talk begins, in percent. People greet in the same few ways, and ask what everybody asks: the
# questions are those that an operator lists as static.
STATIC_QUESTIONS = (
    "What can you help me with?", "How do I cancel my subscription?",
    "Is what I write here private?", "How does the confidence test work?")
OPENINGS = (
    ("greeting", 60, ("hi", "hello coach", "good morning", "hey there")),
    ("static", 20, STATIC_QUESTIONS),
    (None, 20, ()),
)

# What they say after that, in percent: the mix of docs/coach-routing.md, the uncertain ones among
# the coaching requests.
TALK = (
    ("greeting", 9, ("hi", "hello coach", "good morning", "hey there")),
    ("confirmation", 18, ("yes", "ok", "sure, thanks", "no", "maybe", "sounds good")),
    ("small_talk", 30, (
        "haha that's funny", "how are you today?", "see you tomorrow", "what's your name?",
        "thank you so much", "lol", "are you a robot?", "that was fun")),
    ("coaching", 38, (
        "I'm nervous about our date on Friday, what do I say first?",
        "She didn't answer my message since Tuesday. Should I write again or wait?",
        "How do I start a conversation with somebody I see at the gym every week?",
        "I froze when he smiled at me in the cafe. How can I practise not to do that?",
        "We had a great first date, but I don't know how to ask for a second one.")),
    ("assessment", 5, (
        "Please rate how I opened this chat and tell me what to do better.",
        "Test my confidence, I want to know where I stand.")),
)

ANSWER = " ".join(["Take a breath, smile, and begin with a question about their day."] * 16)
# As the stand-in bills it.
ANSWER_TOKENS = len(ANSWER) // 4


def drawn(table, generator):
    """A name and one of its texts from a table like TALK."""
    name, _, texts = generator.choices(table, [percent for _, percent, _ in table])[0]
    return name, generator.choice(texts) if texts else None


def zipf_weights(count, exponent=0.99):
    """Cumulative weights of ranks 1 to `count`."""
    return list(itertools.accumulate(1 / rank ** exponent for rank in range(1, count + 1)))


class Zipf:
    """Draws from 1 to `count`, few of them often. Which ones is shuffled, the same every time."""

    def __init__(self, count, generator):
        self._weights = zipf_weights(count)
        self._values = list(range(1, count + 1))
        random.Random(count).shuffle(self._values)
        self._generator = generator

    def draw(self):
        place = self._generator.random() * self._weights[-1]
        return self._values[bisect.bisect_left(self._weights, place)]


def matches_key(user):
    """The key of who is near a user: everybody looks within a distance of their own."""
    return f"wingman:matches:{user}:{(5, 10, 25)[user % 3]}"


def partners():
    """Whom each user's ratings are about, as platform.sql pairs them."""
    pairs = {}
    for n in range(1, MATCH_COUNT + 1):
        first = n * 7919 % USER_COUNT
        second = 1 + (first + 1 + n * 104729 % (USER_COUNT - 2)) % USER_COUNT
        pairs.setdefault(1 + first, set()).add(second)
    return pairs


class Window:
    """What happened in one second."""

    def __init__(self):
        self.reads = []
        self.read_errors = 0
        self.avoidable_errors = 0
        # Reads of keys that nobody had read before, and of keys whose row had changed.
        self.first_reads = 0
        self.changed_reads = 0
        self.asks = []
        self.ask_errors = {}
        self.writes = 0
        self.write_errors = 0
        self.flying = 0


class Recorder:
    """What happened, second by second."""

    def __init__(self):
        self.start = time.monotonic()
        self.windows = {}
        self.flying = 0
        self.lags = []
        # Error texts of the coach.
        self.texts = set()
        # When a key's value was last seen, to tell errors that a stale value could have avoided.
        self.seen = {}
        # Keys that were read, and those of them whose row has changed since.
        self.known = set()
        self.changed = set()

    def window(self):
        second = int(time.monotonic() - self.start)
        window = self.windows.get(second)
        if window is None:
            window = self.windows[second] = Window()
        return window

    def begin(self):
        self.flying += 1
        window = self.window()
        window.flying = max(window.flying, self.flying)
        return time.monotonic()

    def end(self):
        self.flying -= 1

    def note_read(self, key):
        """Takes note of why the cache may not have a key that is about to be read."""
        if key not in self.known:
            self.known.add(key)
            self.window().first_reads += 1
        elif key in self.changed:
            self.window().changed_reads += 1
        self.changed.discard(key)

    def begin_change(self, keys):
        """Rows are about to change: what is gone from the cache then cannot be served when the
        database goes, and it may be gone before this program hears that they have changed."""
        return {key: self.seen.pop(key, None) for key in keys}

    def end_change(self, before, is_changed):
        """Takes note that they have changed, or not, in which case all is as it was."""
        for key, seen in before.items():
            if is_changed:
                self.seen.pop(key, None)
                self.changed.add(key)
            elif seen is not None:
                self.seen.setdefault(key, seen)

    @property
    def seconds(self):
        return time.monotonic() - self.start


class Platform:
    """All users together."""

    def __init__(self, port, database, stale_seconds, think_seconds, seed=1):
        self.port = port
        self.database = database
        self.stale_seconds = stale_seconds
        self.think_seconds = think_seconds
        self.generator = random.Random(seed)
        self.users = Zipf(USER_COUNT, self.generator)
        self.challenges = Zipf(CHALLENGE_COUNT, self.generator)
        self.conversations = Zipf(CONVERSATION_COUNT, self.generator)
        self.recorder = Recorder()
        self.writer = DatabaseWriter(database)
        self.partners = partners()
        # Nobody says two things at once in one conversation. Each is its user's talk of a number,
        # at its beginning or in the middle.
        self.talking = set()
        self.talks = {}
        self._names = [name for name, _ in ACTIONS]
        self._percents = [percent for _, percent in ACTIONS]
        self._tasks = []
        self._turn = 0
        self._stops = False

    def start(self, count):
        """Lets users come until there are `count`."""
        while len(self._tasks) < count:
            self._tasks.append(asyncio.create_task(self._live()))

    async def stop(self):
        """Lets them go."""
        self._stops = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self.writer.stop()

    async def _live(self):
        client = Client(self.port)
        try:
            # Users do not come in step.
            await asyncio.sleep(self.generator.random() * self.think_seconds)
            person = self.users.draw()
            while not self._stops:
                await self._act(client, person)
                await asyncio.sleep(self.generator.expovariate(1 / self.think_seconds))
                if self.generator.random() < 1 / SESSION_LENGTH:
                    person = self.users.draw()
        finally:
            client.close()

    async def _act(self, client, person):
        action = self.generator.choices(self._names, self._percents)[0]
        start = self.recorder.begin()
        try:
            if action == "ask":
                await self._ask(client, start)
            elif action == "write":
                await self._write(client, person)
            else:
                await self._read(client, self._key(action, person), start)
        finally:
            self.recorder.end()

    def _key(self, action, person):
        if action == "challenge":
            return f"wingman:challenges:{self.challenges.draw()}"
        if action in ("reputation", "location") and self.generator.random() * 100 >= OWN_PERCENT:
            return f"wingman:{action}:{self.users.draw()}"
        if action == "matches":
            return matches_key(person)
        return f"wingman:{action}:{person}"

    async def _read(self, client, key, start):
        self.recorder.note_read(key)
        reply = await client.command("GET", key)
        now = time.monotonic()
        window = self.recorder.window()
        if isinstance(reply, ServerError):
            window.read_errors += 1
            if now - self.recorder.seen.get(key, -1e9) < self.stale_seconds:
                window.avoidable_errors += 1
        else:
            window.reads.append(now - start)
            # That there is no row is remembered, but not beyond its time.
            if reply is not None:
                self.recorder.seen[key] = now

    async def _ask(self, client, start):
        conversation = self.conversations.draw()
        if conversation in self.talking:
            free = [n for n in range(1, CONVERSATION_COUNT + 1) if n not in self.talking]
            if not free:
                return
            conversation = self.generator.choice(free)
        self.talking.add(conversation)
        talk, text = self._message(conversation)
        try:
            reply = await client.command(
                "COACH.ASK", f"load-{conversation}-{talk}", text, "USER", f"user-{conversation}")
        finally:
            self.talking.discard(conversation)
        window = self.recorder.window()
        if isinstance(reply, ServerError):
            code = str(reply).split(" ", 1)[0]
            window.ask_errors[code] = window.ask_errors.get(code, 0) + 1
            self.recorder.texts.add(str(reply))
            return
        window.asks.append(time.monotonic() - start)

    def _message(self, conversation):
        """What is said next, and in which of the user's talks."""
        talk, is_new = self.talks.get(conversation, (1, True))
        text = drawn(OPENINGS, self.generator)[1] if is_new else None
        ends = self.generator.random() < 1 / TALK_LENGTH
        self.talks[conversation] = (talk + 1, True) if ends else (talk, False)
        return talk, text or drawn(TALK, self.generator)[1]

    async def _write(self, client, user):
        """Changes a row and waits until the cache shows it."""
        self._turn += 1
        kind = self._turn % 4
        if kind == 0:
            mark = f"Town {self._turn}"
            key, sql = f"wingman:location:{user}", (
                f"UPDATE user_locations SET city = '{mark}', updated_at = now() "
                f"WHERE user_id = {user};")
        elif kind == 1:
            number = self.challenges.draw()
            mark = f"Say hello, no. {self._turn}"
            key, sql = f"wingman:challenges:{number}", (
                f"UPDATE approach_challenges SET title = '{mark}', is_active = true "
                f"WHERE challenge_id = {number};")
        elif kind == 2:
            mark = f"level {self._turn}"
            key, sql = f"wingman:assessment:{user}", (
                "INSERT INTO confidence_test_results SELECT max(result_id) + 1, "
                f"{user}, 50, '{mark}', '{{}}', now() FROM confidence_test_results;")
        else:
            mark = None
            key, sql = f"wingman:reputation:{user}", (
                "UPDATE wingman_matches SET user2_rating = 1 + (random() * 4)::int "
                f"WHERE user1_id = {user} AND status = 'completed';")
        keys = [key]
        if kind == 0:
            keys.append(matches_key(user))
        if kind == 3:
            keys += [f"wingman:reputation:{other}" for other in self.partners.get(user, ())]
        before = self.recorder.begin_change(keys)
        is_written = await self.writer.execute(sql)
        self.recorder.end_change(before, is_written)
        window = self.recorder.window()
        if not is_written:
            window.write_errors += 1
            return
        window.writes += 1
        if mark:
            await self._await_mark(client, key, mark)

    async def _await_mark(self, client, key, mark):
        committed = time.monotonic()
        self.recorder.note_read(key)
        while time.monotonic() - committed < 10:
            reply = await client.command("GET", key)
            if isinstance(reply, bytes) and mark in json.dumps(json.loads(reply)):
                self.recorder.lags.append(time.monotonic() - committed)
                return
            if isinstance(reply, ServerError):
                return
            await asyncio.sleep(0.001)
        self.recorder.lags.append(10)


class DatabaseWriter:
    """psql, kept open on a thread of its own: one statement at a time; started again when the
    database was away."""

    def __init__(self, database):
        self._database = database
        self._process = None
        self._thread = concurrent.futures.ThreadPoolExecutor(1)
        self._retry = 0

    async def execute(self, sql):
        """Executes one statement; false when it was not."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._execute, sql.replace("\n", " "))

    def _execute(self, sql):
        if self._process is None and not self._start():
            return False
        try:
            self._process.stdin.write(sql + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (OSError, ValueError):
            line = ""
        if not line:
            self._end()
        return line.startswith(("UPDATE", "INSERT"))

    def _start(self):
        now = time.monotonic()
        if now < self._retry:
            return False
        self._retry = now + 0.5
        self._process = subprocess.Popen(
            ["psql", self._database, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return True

    def _end(self):
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def stop(self):
        """Ends psql."""
        self._thread.submit(self._end).result()
        self._thread.shutdown()


def summary(windows):
    """Figures of several seconds together."""
    reads = sorted(itertools.chain.from_iterable(window.reads for window in windows))
    asks = sorted(itertools.chain.from_iterable(window.asks for window in windows))
    codes = {}
    for window in windows:
        for code, count in window.ask_errors.items():
            codes[code] = codes.get(code, 0) + count
    return {
        "seconds": len(windows),
        "reads": len(reads),
        "read_p50_ms": 1000 * percentile(reads, 50),
        "read_p99_ms": 1000 * percentile(reads, 99),
        "read_max_ms": 1000 * reads[-1] if reads else 0,
        "read_errors": sum(window.read_errors for window in windows),
        "avoidable_errors": sum(window.avoidable_errors for window in windows),
        "first_reads": sum(window.first_reads for window in windows),
        "changed_reads": sum(window.changed_reads for window in windows),
        "asks": len(asks),
        "ask_p50_ms": 1000 * percentile(asks, 50),
        "ask_p99_ms": 1000 * percentile(asks, 99),
        "ask_errors": codes,
        "writes": sum(window.writes for window in windows),
        "write_errors": sum(window.write_errors for window in windows),
        "flying": max((window.flying for window in windows), default=0),
    }
