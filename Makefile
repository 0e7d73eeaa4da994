# make               build the programs of every chapter
# make run           run the lectures' programs, one after the other; make run-beyond: those in beyond/
# make test          run every chapter's tests, then the quick ones of the whole repository
# make verify        everything: long rounds, sanitizers, and all of tests/
# make long          the chapters' tests with ten times the rounds
# make tsan          the chapters' tests under ThreadSanitizer
# make asan          the chapters' tests under the address, leak and undefined behaviour sanitizers
# make bench         measure the pieces and programs, beside plain ways to do the same: figures only
# make coverage      how much of the sources the chapters' tests reach
# make side-by-side GO=path-to-a-clone-of-the-original    pages with Go on the left and C on the right
# make compile-commands    compile_commands.json, from which clangd and editors know how each file is compiled
# make format        lay out the sources with clang-format; make check-format: are they?
# make clean         remove everything that make made

CHAPTERS := $(patsubst %/Makefile,%,$(sort $(wildcard ch[0-9][0-9]_*/Makefile)))
SOURCES := $(filter-out %/quiz_lines.h,$(wildcard $(CHAPTERS:%=%/*.[ch]) $(CHAPTERS:%=%/*/*.[ch]) \
    $(CHAPTERS:%=%/beyond/solutions/*.c) $(CHAPTERS:%=%/tests/*/*.c*) tests/*.c tests/bench/*.[ch] \
    tests/windows/*.[ch]))

# Real weather reports, where there are any beside the repository: chapter 5 tests itself on them.
ifneq ($(wildcard ../shared/metarfiles/*.txt),)
export METARFILES ?= $(abspath ../shared/metarfiles)
endif

all: $(CHAPTERS)

$(CHAPTERS):
	$(MAKE) -C $@

# One chapter after the other, also with -j: they print, and they measure.
define in_every_chapter
@for chapter in $(CHAPTERS); do \
    printf '\n==== %s: make %s ====\n' $$chapter '$(1)'; \
    $(MAKE) --no-print-directory -C $$chapter $(1) || exit 1; \
done
endef

run run-beyond: all
	$(call in_every_chapter,$@)

test:
	$(call in_every_chapter,test)
	sh tests/copies.sh
	sh tests/pictures.sh --check
	sh tests/snippets.sh
	sh tests/go_to_c.sh

long:
	$(call in_every_chapter,test ROUNDS=20000)

tsan asan:
	$(call in_every_chapter,$@)

# Each of them says in a line what it has done, and in another one what it has skipped, and why.
PROOFS = alone readmes programs faults benches symbols models interleavings portable cross windows fresh \
    real_programs pages side_by_side compile_commands

proofs:
	@for proof in $(PROOFS); do MAKE='$(MAKE)' sh tests/$$proof.sh || exit 1; done

verify:
	$(MAKE) test
	$(MAKE) long
	$(MAKE) tsan
	$(MAKE) asan
	$(MAKE) proofs

bench:
	$(MAKE) --no-print-directory -C tests/bench

coverage:
	MAKE='$(MAKE)' sh tests/coverage.sh

# Where the pages go.
PAGES = build/side-by-side

side-by-side:
	@command -v python3 >/dev/null || { echo 'side_by_side: this needs python3' >&2; exit 1; }
	@python3 tests/side_by_side.py README.md "$$GO" $(PAGES)

compile-commands:
	@MAKE='$(MAKE)' sh tests/write_compile_commands.sh >compile_commands.json
	@echo "compile_commands.json: $$(grep -c '"file"' compile_commands.json) files"

clean:
	$(call in_every_chapter,clean)
	rm -rf build compile_commands.json
	$(MAKE) --no-print-directory -C tests/bench clean

format:
	clang-format -i $(SOURCES)

check-format:
	clang-format --dry-run --Werror $(SOURCES)

.PHONY: all $(CHAPTERS) run run-beyond test long tsan asan proofs verify bench coverage side-by-side \
    compile-commands clean format check-format
