# sluice: `make` builds build/sluice, `make demo` shows it, `make check` proves it.
# `make deps` installs what a build needs (Debian's packages).
#
# Everything made lands under build/; BUILD=… puts a variant elsewhere below it.

BUILD    ?= build
ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
DESTDIR  ?=
PKG      ?= pkg-config
VERSION  := 0.1.0

# Release by default; the sanitizer goals set OPT, MODE_CFLAGS and MODE_LDFLAGS.
# WERROR= lets a compiler with new opinions through.
OPT          ?= -O2 -g
MODE_CFLAGS  ?= -D_FORTIFY_SOURCE=2
MODE_LDFLAGS ?= -Wl,-z,relro,-z,now -pie
WERROR       ?= -Werror
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wno-overlength-strings
HARDEN   := -fstack-protector-strong -fPIE -fno-strict-overflow

# Libraries with a .pc file, and those without one.
LIBS     := libcurl sqlite3 libcjson libmicrohttpd libcrypto
PLAIN    := -lcsv -lxxhash -lm
LIBS_CFLAGS := $(shell $(PKG) --cflags $(LIBS) 2>/dev/null)
LIBS_LDLIBS := $(shell $(PKG) --libs $(LIBS) 2>/dev/null)

ALL_CPPFLAGS = -I. -I$(BUILD)/gen -D_GNU_SOURCE -DSLUICE_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(OPT) $(WARN) $(WERROR) $(HARDEN) -pthread $(MODE_CFLAGS) $(LIBS_CFLAGS) $(CFLAGS)
ALL_LDFLAGS  = -pthread $(MODE_LDFLAGS) $(LDFLAGS)
ALL_LDLIBS   = $(LIBS_LDLIBS) $(PLAIN) $(LDLIBS)
COMPILE      = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP

# One short line a step; V=1 shows the commands.
Q     := $(if $(V),,@)
say    = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

MAIN     := engine/cli/main.c
SOURCES  := $(filter-out $(MAIN),$(wildcard engine/*/*.c web/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/obj/%.o) $(patsubst %,$(BUILD)/obj/gen/%.o,queries migrations page)
LIB      := $(BUILD)/libsluice.a
UNIT     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
BENCH    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
UPSTREAM := $(BUILD)/tests/upstream/upstream

.DELETE_ON_ERROR:
.PHONY: all demo check lint asan tsan fuzz bench install uninstall clean deps upstream unit tests FORCE

all: $(BUILD)/sluice $(if $(wildcard engine/cli/sluice.1.scd),$(BUILD)/sluice.1)

# ---- what is needed ------------------------------------------------------

# A build without a library stops with its name, not with a compiler's words.
ifeq ($(filter clean deps demo check lint bench fuzz asan tsan uninstall,$(MAKECMDGOALS)),)
MISSING := $(shell .ci/deps missing build)
ifneq ($(MISSING),)
$(error missing: $(MISSING) -- `make deps` installs them)
endif
endif

deps:
	@.ci/deps install build

# ---- the program ---------------------------------------------------------

$(BUILD)/sluice: $(BUILD)/obj/engine/cli/main.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LDLIBS)

# Made anew, also when a source was taken away.
$(LIB): $(OBJECTS) $(BUILD)/objects
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $(OBJECTS)

# Objects follow the flags they were made with.
define remember
	@mkdir -p $(@D)
	@printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) >$@
endef
$(BUILD)/objects: FORCE
	$(call remember,'$(sort $(OBJECTS))')
$(BUILD)/flags: FORCE
	$(call remember,'$(subst ','\'',$(COMPILE) $(ALL_LDFLAGS) $(ALL_LDLIBS))')

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c -o $@ $<
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags | $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c -o $@ $<

# schema/queries.sql: every statement under a heading "-- name", made into an
# enum and a table.
$(BUILD)/gen/queries.h: schema/queries.sql schema/queries.awk
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)awk -v part=header -f schema/queries.awk $< >$@
$(BUILD)/gen/queries.c: schema/queries.sql schema/queries.awk
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)awk -v part=source -f schema/queries.awk $< >$@
MIGRATIONS := $(sort $(wildcard schema/[0-9]*.sql))
$(BUILD)/gen/migrations.c: schema/migrations.awk $(MIGRATIONS)
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)awk -f schema/migrations.awk $(MIGRATIONS) >$@
# Folders too: their time changes when a file comes or goes.
$(BUILD)/gen/page.c: web/embed.sh $(shell find web/page web/vendor 2>/dev/null)
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)sh web/embed.sh web >$@

$(BUILD)/sluice.1: engine/cli/sluice.1.scd
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)scdoc <$< >$@

# ---- tests ---------------------------------------------------------------

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LDLIBS) -lcmocka
$(BUILD)/tests/bench/%: tests/bench/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LDLIBS)

UPSTREAM_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/upstream/*.c))
$(UPSTREAM): $(UPSTREAM_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lm

upstream: $(UPSTREAM)
unit: $(UNIT)
	@tests/check.sh $(BUILD) unit
# Fuzzers are compiled with the tests, so that they follow what they call.
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/unit/fuzz_*.c))
tests: all $(UNIT) $(UPSTREAM) $(FUZZ_OBJECTS)

# These install what is missing before make looks for libraries, hence the second make.
check:
	@.ci/deps install check
	@$(MAKE) --no-print-directory tests
	@tests/check.sh $(BUILD) unit scenario web

demo:
	@.ci/deps install demo
	@$(MAKE) --no-print-directory all upstream
	@tests/demo.sh $(BUILD)

lint:
	@.ci/deps install lint
	@tests/lint.sh

SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_tsan := -fsanitize=thread
# The thread sanitizer wants its addresses where they always are.
STILL = $(if $(filter tsan,$@),$(shell setarch -R true 2>/dev/null && echo setarch -R))
asan tsan:
	@.ci/deps install check
	@$(MAKE) --no-print-directory BUILD=build/$@ OPT='-O1 -g' MODE_CFLAGS='-fno-omit-frame-pointer $(SANITIZE_$@)' \
	        MODE_LDFLAGS='-pie $(SANITIZE_$@)' tests
	@$(STILL) tests/check.sh build/$@ unit scenario

# Each tests/unit/fuzz_NAME.c for FUZZ_SECONDS.
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst %.c,build/fuzz/%,$(wildcard tests/unit/fuzz_*.c))
fuzz:
	@.ci/deps install compilers
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang OPT='-O1 -g' \
	        MODE_CFLAGS='-fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
	        MODE_LDFLAGS='-pie -fsanitize=address,undefined' $(FUZZERS)
	@tests/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)
$(BUILD)/tests/unit/fuzz_%: tests/unit/fuzz_%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(LIB) $(ALL_LDLIBS)

# Figures: wants an idle machine and about twenty minutes; into tests/bench/results.
bench:
	@.ci/deps install bench
	@$(MAKE) --no-print-directory all upstream $(BENCH)
	@tests/bench/run.sh $(BUILD)

# ---- packaging -----------------------------------------------------------

BINDIR  := $(DESTDIR)$(PREFIX)/bin
SHARE   := $(DESTDIR)$(PREFIX)/share
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
INSTALLED = $(BINDIR)/sluice $(SHARE)/man/man1/sluice.1 $(SHARE)/bash-completion/completions/sluice \
            $(SHARE)/zsh/site-functions/_sluice $(SHARE)/fish/vendor_completions.d/sluice.fish \
            $(UNITDIR)/sluice.service $(SHARE)/doc/sluice/README.md $(SHARE)/doc/sluice/LICENSE

install: all
	for shell in bash zsh fish; do $(BUILD)/sluice completion $$shell >$(BUILD)/completion.$$shell || exit 1; done
	sed 's|@BINDIR@|$(PREFIX)/bin|' engine/cli/sluice.service.in >$(BUILD)/sluice.service
	install -D -m 755 $(BUILD)/sluice $(BINDIR)/sluice
	install -D -m 644 $(BUILD)/sluice.1 $(SHARE)/man/man1/sluice.1
	install -D -m 644 $(BUILD)/completion.bash $(SHARE)/bash-completion/completions/sluice
	install -D -m 644 $(BUILD)/completion.zsh $(SHARE)/zsh/site-functions/_sluice
	install -D -m 644 $(BUILD)/completion.fish $(SHARE)/fish/vendor_completions.d/sluice.fish
	install -D -m 644 $(BUILD)/sluice.service $(UNITDIR)/sluice.service
	install -D -m 644 -t $(SHARE)/doc/sluice README.md LICENSE

uninstall:
	rm -f $(INSTALLED)
	rmdir $(SHARE)/doc/sluice 2>/dev/null || true

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(UPSTREAM_OBJECTS:.o=.d) $(BUILD)/obj/engine/cli/main.d
-include $(UNIT:=.d) $(BENCH:=.d) $(FUZZ_OBJECTS:.o=.d)
