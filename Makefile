# make help lists what there is.
.POSIX:
.SUFFIXES:
.PHONY: help run build check bench fuzz generate

GO = go
FUZZTIME = 10s
BENCH = .
BENCHPKG = ./internal/app
BENCHTIME = 5s

help:
	@echo 'make run       build ./bin/entrawatch and scan the example tenant with its baseline'
	@echo 'make check     everything that must pass before a commit'
	@echo 'make bench     measure speed: BENCH=pattern, BENCHPKG=packages, BENCHTIME=5s or 3x'
	@echo 'make fuzz      run every fuzz target in the tree for FUZZTIME ($(FUZZTIME))'
	@echo 'make generate  write anew what is generated in docs/, examples/ and README.md'

run: build
	./bin/entrawatch scan -baseline examples/contoso/baseline.yaml examples/contoso/logs

build:
	$(GO) build -trimpath -o bin/entrawatch .

check:
	@GO='$(GO)' sh tools/check.sh

bench:
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem $(BENCHPKG)

fuzz:
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' sh tools/fuzz.sh

generate:
	$(GO) generate ./...
	$(MAKE) build
	sh tools/readme.sh bin/entrawatch >bin/README.md && mv bin/README.md README.md
