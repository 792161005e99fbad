# make help lists what there is.
.POSIX:
.SUFFIXES:
.PHONY: help run example build check compiler bench bench-hunt soak eval fuzz generate

GO = go
FUZZTIME = 10s
BENCH = .
BENCHPKG = ./internal/app
BENCHTIME = 5s
SEEDS = 1 2 3 4 5
PEOPLE = 2000
DAYS = 30

help:
	@echo 'make run       build ./bin/entrawatch, make up a tenant that lives and is attacked, and watch it; Ctrl-C ends it'
	@echo 'make example   build ./bin/entrawatch and scan the example tenant with its baseline'
	@echo 'make check     everything that must pass before a commit'
	@echo 'make bench     measure speed: BENCH=pattern, BENCHPKG=packages, BENCHTIME=5s or 3x'
	@echo 'make bench-hunt  measure queries over a lake of simulated events: PEOPLE, DAYS'
	@echo 'make soak      kill the service 50 times while records come, and have it watch a million users for half an hour'
	@echo 'make eval      measure what a learned baseline finds and raises for nothing: SEEDS="1 2", PEOPLE, DAYS; writes docs/evaluation.md'
	@echo 'make fuzz      run every fuzz target in the tree for FUZZTIME ($(FUZZTIME))'
	@echo 'make generate  write anew what is generated in docs/, examples/ and README.md'

run: build
	@sh tools/run.sh bin/entrawatch

example: build
	./bin/entrawatch scan -baseline examples/contoso/baseline.yaml examples/contoso/logs

build: compiler
	$(GO) build -trimpath -o bin/entrawatch .

compiler:
	@GO='$(GO)' sh tools/compiler.sh

check: compiler
	@GO='$(GO)' sh tools/check.sh

bench:
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem $(BENCHPKG)

# Simulates PEOPLE for DAYS, puts them into a lake and asks; 20 million events are PEOPLE=22000.
bench-hunt: build
	sh tools/hunt.sh bin/entrawatch $(PEOPLE) $(DAYS)

# The crash test of make check, with 50 kills; then half an hour at 5,000 records a second.
soak: compiler
	$(GO) test -v -timeout 60m -run TestCrash ./internal/soak -kills 50
	$(GO) test -v -timeout 60m -run TestSteady ./internal/soak -steady 30m -rate 5000

# Half an hour at full size. It fails when an attack is missed, or the budget of alerts exceeded.
eval:
	$(GO) run ./internal/evaluation -seeds '$(SEEDS)' -people $(PEOPLE) -days $(DAYS) -o docs/evaluation.md

fuzz:
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' sh tools/fuzz.sh

generate:
	$(GO) generate ./...
	$(MAKE) build
	sh tools/readme.sh bin/entrawatch >bin/README.md && mv bin/README.md README.md
