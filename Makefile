# Everything starts here: `make` lists what there is.

# What a release build has beyond SwiftPM's own settings. Exclusivity of memory accesses is proven
# by the compiler and checked in debug builds; in release the checks at run time are left out.
RELEASE_FLAGS = -c release -Xswiftc -enforce-exclusivity=unchecked

# Options for the server: make run ARGS="--port 6380 --maxmemory 1gb"
ARGS =

# Seconds that each fuzz target runs in `make fuzz`.
FUZZ_SECONDS = 60

SWIFT_SOURCES = Package.swift Sources Tests loadtest Fuzz

.DEFAULT_GOAL := help
.PHONY: help run demo build test bench bench-quick conformance fuzz sanitize format lint docs packages

help: ## List what make can do
	@echo "make run            install what is missing, build, serve on 127.0.0.1:6379"
	@echo "                    options for the server: make run ARGS=\"--port 6380\""
	@echo "make demo           show in a minute what it does for a platform: reads through from"
	@echo "                    PostgreSQL, invalidation, HTTP, the coach; Ctrl-C ends it"
	@echo "make test           everything that must hold before a change goes in (some minutes)"
	@echo "make build          the release build alone: .build/release/wingcache"
	@echo "make bench          compare with redis-server: CPU, memory, expiry (half an hour)"
	@echo "make bench-quick    the same, roughly (10 minutes)"
	@echo "make conformance    Redis's own test suite, the compatibility list, stock clients"
	@echo "make fuzz           hostile bytes against the parsers and the server, under"
	@echo "                    AddressSanitizer: FUZZ_SECONDS=$(FUZZ_SECONDS) for each target"
	@echo "make sanitize       the tests again under AddressSanitizer and ThreadSanitizer"
	@echo "make format         bring all sources into swift-format's form"
	@echo "make lint           what would be objected to: form, length, documentation"
	@echo "make coach-train    train the coach's classifier and tagger (2 minutes; needs the public sets,"
	@echo "                    COACH_DATA=../shared/data/coach)"
	@echo "make coach-eval     what the classifier is worth, on sources that it never saw"
	@echo "make coach-summary  what the summariser is worth, and which facts it keeps"
	@echo "make coach-summary-train  fit the summariser again (seconds)"
	@echo "make docs           write the command reference into docs/"

run: build
	@echo "==> Starting on 127.0.0.1, port 6379 unless ARGS say otherwise; Ctrl-C stops it" >&2
	@exec .build/release/wingcache --bind 127.0.0.1 $(ARGS)

demo:
	@scripts/demo

build: packages-run
	@echo "==> Building for release (the first time takes some minutes)" >&2
	@swift build $(RELEASE_FLAGS) --product wingcache

.PHONY: packages-run packages-test
packages-run packages-test: packages-%:
	@scripts/packages $*

test: packages-test
	@scripts/test

bench: packages-test build
	@echo "==> CPU time, throughput and latency beside redis-server (6 minutes)" >&2
	@loadtest/compare
	@echo "==> The same for collections and scripts (15 minutes)" >&2
	@loadtest/collections
	@echo "==> Memory per entry and element (3 minutes)" >&2
	@loadtest/memory
	@echo "==> Lag of expiry; very large collections that go (15 minutes)" >&2
	@loadtest/lag
	@if command -v valgrind >/dev/null; then \
	  echo "==> Counts of one request, under valgrind (half a minute)" >&2; loadtest/counts; fi

bench-quick: packages-test build
	@echo "==> A rough comparison with redis-server (10 minutes)" >&2
	@loadtest/compare --quick
	@loadtest/collections --quick
	@loadtest/memory --quick
	@loadtest/lag --quick

conformance: packages-test build
	@echo "==> The compatibility list" >&2
	@Tests/Conformance/cts
	@echo "==> Stock clients" >&2
	@Tests/Conformance/clients
	@echo "==> Redis's own tests (fetched from Debian's source package the first time)" >&2
	@Tests/Conformance/redis-suite --group all

fuzz: packages-run
	@scripts/fuzz $(FUZZ_SECONDS)

sanitize: packages-run
	@scripts/sanitize

format:
	@echo "==> Formatting" >&2
	@swift format format --in-place --recursive --parallel $(wildcard $(SWIFT_SOURCES))

lint:
	@scripts/lint

# Where the public sets for the coach lie.
COACH_DATA = ../shared/data/coach

.PHONY: coach-train coach-eval coachtrain-build coach-summary coach-summary-train
coachtrain-build:
	@swift build -c release --product coachtrain
	@swift build -c release --product coachtag

coach-train: coachtrain-build
	@.build/release/coachtrain train --data $(COACH_DATA)
	@.build/release/coachtag train --data $(COACH_DATA)

coach-eval: coachtrain-build
	@.build/release/coachtrain eval --data $(COACH_DATA)
	@.build/release/coachtrain sealed
	@.build/release/coachtrain clinc --data $(COACH_DATA)
	@.build/release/coachtrain bench
	@.build/release/coachtag eval --data $(COACH_DATA)
	@.build/release/coachtag bench --data $(COACH_DATA)

docs: build
	@scripts/docs

COACH_CHATS = tools/coachsummary/dialogues/chats.jsonl
COACHSUMMARY = .build/release/coachsummary

coach-summary:
	@swift build -c release --product coachsummary
	@$(COACHSUMMARY) evaluate $(COACH_DATA) $(COACH_CHATS) | tools/rouge.py
	@$(COACHSUMMARY) evaluate $(COACH_DATA) | tools/rouge.py
	@$(COACHSUMMARY) facts $(COACH_DATA) $(COACH_CHATS)
	@$(COACHSUMMARY) facts $(COACH_DATA)

coach-summary-train:
	@swift build -c release --product coachsummary
	@$(COACHSUMMARY) train $(COACH_DATA)
