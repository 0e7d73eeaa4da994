# make               build the programs of every chapter
# make run           run them all, one after the other
# make test          run every chapter's tests, then the quick ones of the whole repository
# make verify        all of those, and the long ones: see tests/
# make tsan          the chapters' tests under ThreadSanitizer
# make asan          the chapters' tests under the address, leak and undefined behaviour sanitizers
# make bench         measure the pieces and programs, beside plain ways to do the same: figures only
# make coverage      how much of the sources the chapters' tests reach
# make format        lay out the sources with clang-format; make check-format: are they?
# make clean         remove all that make made

CHAPTERS := $(patsubst %/Makefile,%,$(sort $(wildcard ch[0-9][0-9]_*/Makefile)))
SOURCES := $(wildcard $(CHAPTERS:%=%/*.[ch]) $(CHAPTERS:%=%/*/*.[ch]) $(CHAPTERS:%=%/tests/*/*.c*) \
    tests/*.c tests/bench/*.[ch])

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
    printf '\n==== %s: make %s ====\n' $$chapter $(1); \
    $(MAKE) --no-print-directory -C $$chapter $(1) || exit 1; \
done
endef

run: all
	$(call in_every_chapter,run)

test:
	$(call in_every_chapter,test)
	sh tests/copies.sh
	sh tests/snippets.sh
	MAKE=$(MAKE) sh tests/alone.sh

# Each of them says what it has done in a line, and in another one what it has skipped, and why.
verify: test
	MAKE=$(MAKE) sh tests/readmes.sh
	MAKE=$(MAKE) sh tests/programs.sh
	MAKE=$(MAKE) sh tests/faults.sh
	MAKE=$(MAKE) sh tests/benches.sh
	MAKE=$(MAKE) sh tests/symbols.sh
	sh tests/models.sh
	MAKE=$(MAKE) sh tests/interleavings.sh
	MAKE=$(MAKE) sh tests/portable.sh
	sh tests/fresh.sh

tsan:
	$(call in_every_chapter,tsan)

asan:
	$(call in_every_chapter,asan)

bench: all
	$(MAKE) --no-print-directory -C tests/bench

coverage:
	MAKE=$(MAKE) sh tests/coverage.sh

clean:
	$(call in_every_chapter,clean)

format:
	clang-format -i $(SOURCES)

check-format:
	clang-format --dry-run --Werror $(SOURCES)

.PHONY: all $(CHAPTERS) run test verify tsan asan bench coverage clean format check-format
