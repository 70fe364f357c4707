"""Named checks: register with a decorator, run in order, print ok, FAIL or skip."""

import traceback


class Checks:
    """A list of checks that share a context object."""

    def __init__(self, title):
        self.title = title
        self.entries = []

    def check(self, name, needs=()):
        """Registers a function; `needs` names commands without which the check is skipped."""
        def register(function):
            self.entries.append((name, tuple(needs), function))
            return function
        return register

    def run(self, context, has_command, only=None):
        """Runs all checks; returns how many failed."""
        failed = 0
        for name, needs, function in self.entries:
            label = f"{self.title}: {name}"
            if only and only.lower() not in label.lower():
                continue
            missing = [command for command in needs if not has_command(command)]
            if missing:
                print(f"skip {label} (no {', '.join(missing)})", flush=True)
                continue
            try:
                context.reset()
                function(context)
            except Exception as error:  # A failing check must not stop the others.
                failed += 1
                place = traceback.extract_tb(error.__traceback__)[1:]
                here = [f"{frame.name}:{frame.lineno} {frame.line}" for frame in place
                        if "conformance" in frame.filename]
                print(f"FAIL {label}: {type(error).__name__}: {str(error)[:600]}")
                if here:
                    print(f"     at {here[0]}", flush=True)
            else:
                print(f"ok   {label}", flush=True)
        return failed


def expect(got, wanted, what=""):
    """Fails with both values where they differ."""
    if got != wanted:
        raise AssertionError(f"{what + ': ' if what else ''}expected {wanted!r}, got {got!r}")


def expect_in(part, whole, what=""):
    """Fails where the part is not in the whole."""
    if part not in whole:
        raise AssertionError(f"{what + ': ' if what else ''}no {part!r} in {str(whole)[:400]!r}")


def expect_error(kind, text, function, *arguments, **options):
    """Fails unless the call raises this kind of error with this text in it."""
    try:
        got = function(*arguments, **options)
    except kind as error:
        expect_in(text, str(error))
        return
    raise AssertionError(f"expected {kind.__name__}, got {got!r}")
