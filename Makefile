# `make demo` shows what Outrider does; `make test` runs every test. Both need a Rust toolchain, gcc and make, and look
# after the rest (.ci/prepare). Everything is built below ./target.

CARGO ?= cargo

.PHONY: help demo test build image deploy lint fmt fuzz bench chaos ci prepare

help:
	@echo "make demo    build, then watch calls survive a failing provider"
	@echo "make test    every test"
	@echo "make build   target/release/outrider"
	@echo "make image   outrider:latest, from a static build, with buildah, podman or docker"
	@echo "make deploy  the tests of deploy/: chart, manifests, alerts, image"
	@echo "make lint    formatting, clippy, documentation, licences"
	@echo "make fuzz    every reader is given nonsense, 20 seconds each (SECONDS=600 for longer; fuzz/README.md)"
	@echo "make bench   what a call costs, beside a bare Pingora proxy (about 8 minutes)"
	@echo "make chaos   100,000 calls over providers that fail at random; none may be lost"
	@echo "make ci      everything that has to pass before a merge"

demo: build
	@./target/release/outrider demo

test: prepare
	$(CARGO) test --locked
	@.ci/skipped

build: prepare
	$(CARGO) build --locked --release --bin outrider

image: prepare
	deploy/static.sh
	deploy/image.sh target/outrider outrider:latest

deploy:
	tests/deploy/run

lint: prepare
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check licenses bans sources; \
	 else echo "skipped: licences and sources (cargo install cargo-deny --locked)"; fi

fmt:
	$(CARGO) fmt

SECONDS ?= 20
fuzz: prepare
	.ci/fuzz $(SECONDS)

bench: prepare
	$(CARGO) bench --locked --bench overhead

chaos: prepare
	$(CARGO) bench --locked --bench chaos

ci:
	.ci/run

prepare:
	@.ci/prepare
