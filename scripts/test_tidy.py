"""Tests scripts/tidy on small texts: every rule has one that breaks it and one that does not."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
import unittest

LOADER = SourceFileLoader("tidy", str(Path(__file__).resolve().parent / "tidy"))
TIDY = module_from_spec(spec_from_loader("tidy", LOADER))
LOADER.exec_module(TIDY)


def offences(text, path="Sources/Bytes/X.swift"):
    """What is wrong with a file of that text."""
    return [offence for _, offence in TIDY.offences_of_file(path, text)]


class TidyTests(unittest.TestCase):
    """One test a rule."""

    def test_length(self):
        """Lines and files end somewhere."""
        self.assertEqual(offences("a" * 100 + "\n" * 499), [])
        self.assertEqual(len(offences("a" * 101)), 1)
        self.assertEqual(len(offences("a\n" * 501)), 1)

    def test_words(self):
        """Nothing is left for later, nothing crashes by convenience."""
        self.assertEqual(len(offences("// TODO: more")), 1)
        self.assertEqual(len(offences("let a = try! f()")), 1)
        self.assertEqual(offences("let a = try f()"), [])

    def test_foundation(self):
        """Core modules do without Foundation; tests need not."""
        self.assertEqual(len(offences("internal import Foundation")), 1)
        self.assertEqual(offences("import Foundation", "Tests/ATests/X.swift"), [])
        self.assertEqual(offences("import FoundationNotReally", "Sources/Coach/X.swift"), [])

    def test_documentation(self):
        """Public declarations say what they are."""
        self.assertEqual(len(offences("public func f() {}")), 1)
        self.assertEqual(len(offences("@inlinable\npublic static var a: Int { 1 }")), 1)
        self.assertEqual(offences("/// Does.\n@inlinable\npublic func f() {}"), [])
        self.assertEqual(offences("/// Two.\npublic let a = 1\npublic let b = 2"), [])
        self.assertEqual(offences("public import Bytes"), [])
        self.assertEqual(offences("func f() {}"), [])


if __name__ == "__main__":
    unittest.main()
