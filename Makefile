# make help lists what there is.
.POSIX:
.SUFFIXES:
.PHONY: help run build check bench fuzz generate

GO = go
FUZZTIME = 10s
BENCH = .
BENCHPKG = ./internal/app

help:
	@echo 'make run       build ./bin/entrawatch and scan the example tenant with its baseline'
	@echo 'make check     everything that must pass before a commit'
	@echo 'make bench     measure speed: BENCH=pattern, BENCHPKG=packages ($(BENCHPKG))'
	@echo 'make fuzz      run every fuzz target in the tree for FUZZTIME ($(FUZZTIME))'
	@echo 'make generate  write the generated pages in docs/ and the example tenant anew'

run: build
	./bin/entrawatch scan -baseline examples/contoso/baseline.yaml examples/contoso/logs

build:
	$(GO) build -trimpath -o bin/entrawatch .

check:
	@GO='$(GO)' sh tools/check.sh

bench:
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(BENCHPKG)

fuzz:
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' sh tools/fuzz.sh

generate:
	$(GO) generate ./...
