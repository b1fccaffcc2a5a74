# sluice: `make` builds build/sluice; `make demo` shows it, `make check` proves it.
# Everything made lands under build/ (BUILD=… puts a variant elsewhere below it).

BUILD    ?= build
CC       ?= gcc
PREFIX   ?= /usr/local
DESTDIR  ?=
PKG      ?= pkg-config
VERSION  := 0.1.0

# Release by default; asan, tsan and fuzz set MODE_CFLAGS/MODE_LDFLAGS and BUILD.
OPT          ?= -O2 -g
MODE_CFLAGS  ?= -D_FORTIFY_SOURCE=2
MODE_LDFLAGS ?= -Wl,-z,relro,-z,now -pie
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wno-overlength-strings -Werror
HARDEN   := -fstack-protector-strong -fPIE -fno-strict-overflow
LIBS     := libcurl sqlite3 libcjson libmicrohttpd libcrypto
CPPFLAGS += -I. -I$(BUILD)/gen -D_GNU_SOURCE -DSLUICE_VERSION='"$(VERSION)"'
CFLAGS   += -std=c11 $(OPT) $(WARN) $(HARDEN) -pthread $(MODE_CFLAGS) $(shell $(PKG) --cflags $(LIBS) 2>/dev/null)
LDFLAGS  += -pthread $(MODE_LDFLAGS)
LDLIBS   += $(shell $(PKG) --libs $(LIBS) 2>/dev/null) -lcsv -lxxhash -lm

MAIN     := engine/cli/main.c
SOURCES  := $(filter-out $(MAIN),$(wildcard engine/*/*.c web/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/queries.o $(BUILD)/obj/gen/migrations.o $(BUILD)/obj/gen/page.o
LIB      := $(BUILD)/libsluice.a
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.DELETE_ON_ERROR:
.PHONY: all clean
all: $(BUILD)/sluice

$(BUILD)/sluice: $(BUILD)/obj/engine/cli/main.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

GENERATED := $(BUILD)/gen/queries.h $(BUILD)/gen/queries.c $(BUILD)/gen/migrations.c $(BUILD)/gen/page.c

$(BUILD)/obj/%.o: %.c | $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# schema/queries.sql: every statement under a heading "-- name", made into an
# enum and a table.
$(BUILD)/gen/queries.h: schema/queries.sql schema/queries.awk
	@mkdir -p $(@D)
	awk -v part=header -f schema/queries.awk $< >$@
$(BUILD)/gen/queries.c: schema/queries.sql schema/queries.awk
	@mkdir -p $(@D)
	awk -v part=source -f schema/queries.awk $< >$@
$(BUILD)/gen/migrations.c: schema/migrations.awk $(sort $(wildcard schema/[0-9]*.sql))
	@mkdir -p $(@D)
	awk -f schema/migrations.awk $(sort $(wildcard schema/[0-9]*.sql)) >$@
$(BUILD)/gen/page.c: web/embed.sh $(shell find web/page web/vendor -type f)
	@mkdir -p $(@D)
	sh web/embed.sh web >$@

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS) -lcmocka

.PHONY: unit
unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
