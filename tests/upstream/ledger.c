#include "tests/upstream/ledger.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define LOG_BUFFER (256u << 10)

int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* FNV-1a, then murmur3's finalizer, so that high and low bits are both good. */
uint64_t hash_bytes(const char *data, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

static void *zeroed(uint64_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		perror("upstream");
		exit(1);
	}
	return memory;
}

bool ledger_open(struct ledger *ledger, const char *path)
{
	memset(ledger, 0, sizeof *ledger);
	ledger->table_size = 1024;
	ledger->table = zeroed(ledger->table_size, sizeof *ledger->table);
	ledger->window_size = 1024;
	ledger->window = zeroed(ledger->window_size, sizeof *ledger->window);
	ledger->log_fd = -1;
	if (path)
		ledger->log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	return !path || ledger->log_fd >= 0;
}

void ledger_flush(struct ledger *ledger)
{
	size_t done = 0;

	while (ledger->log_fd >= 0 && done < ledger->log.length) {
		ssize_t wrote = write(ledger->log_fd, ledger->log.data + done, ledger->log.length - done);

		if (wrote < 0) {
			/* A test that trusts half a log would be worse than none. */
			perror("upstream: log");
			_exit(1);
		}
		done += (size_t)wrote;
	}
	ledger->log.length = 0;
}

void ledger_reset(struct ledger *ledger)
{
	int64_t in_flight = ledger->in_flight, connections = ledger->connections;

	ledger_flush(ledger);
	if (ledger->log_fd >= 0 && ftruncate(ledger->log_fd, 0) != 0)
		perror("upstream: log");
	memset(ledger->table, 0, ledger->table_size * sizeof *ledger->table);
	memset(ledger->by_status, 0, sizeof ledger->by_status);
	ledger->table_used = 0;
	ledger->requests = ledger->reset = ledger->truncated = 0;
	ledger->unique_ok = ledger->duplicates = 0;
	ledger->in_flight_max = in_flight;
	ledger->connections = connections;
	ledger->first_ns = ledger->last_ns = 0;
	ledger->window_head = ledger->window_count = ledger->window_max = 0;
}

static struct seen *slot_of(struct seen *table, uint64_t size, uint64_t hash)
{
	uint64_t at = hash & (size - 1);

	while (table[at].hash && table[at].hash != hash)
		at = (at + 1) & (size - 1);
	return &table[at];
}

static void table_grow(struct ledger *ledger)
{
	uint64_t size = ledger->table_size * 2;
	struct seen *table = zeroed(size, sizeof *table);

	for (uint64_t i = 0; i < ledger->table_size; i++) {
		if (ledger->table[i].hash)
			*slot_of(table, size, ledger->table[i].hash) = ledger->table[i];
	}
	free(ledger->table);
	ledger->table = table;
	ledger->table_size = size;
}

struct seen *ledger_seen(struct ledger *ledger, struct span id)
{
	uint64_t hash = hash_bytes(id.at, id.length);
	struct seen *seen;

	if (ledger->table_used * 2 >= ledger->table_size)
		table_grow(ledger);
	if (!hash)
		hash = 1;
	seen = slot_of(ledger->table, ledger->table_size, hash);
	if (!seen->hash) {
		seen->hash = hash;
		ledger->table_used++;
	}
	return seen;
}

static void window_add(struct ledger *ledger, int64_t now_ns)
{
	uint64_t mask = ledger->window_size - 1;

	while (ledger->window_count && ledger->window[ledger->window_head] <= now_ns - SECOND_NS) {
		ledger->window_head = (ledger->window_head + 1) & mask;
		ledger->window_count--;
	}
	if (ledger->window_count == ledger->window_size) {
		int64_t *wider = zeroed(ledger->window_size * 2, sizeof *wider);

		for (uint64_t i = 0; i < ledger->window_count; i++)
			wider[i] = ledger->window[(ledger->window_head + i) & mask];
		free(ledger->window);
		ledger->window = wider;
		ledger->window_size *= 2;
		ledger->window_head = 0;
		mask = ledger->window_size - 1;
	}
	ledger->window[(ledger->window_head + ledger->window_count) & mask] = now_ns;
	if (++ledger->window_count > ledger->window_max)
		ledger->window_max = ledger->window_count;
}

void ledger_arrive(struct ledger *ledger, int64_t now_ns)
{
	if (!ledger->requests++)
		ledger->first_ns = now_ns;
	ledger->last_ns = now_ns;
	window_add(ledger, now_ns);
	if (++ledger->in_flight > ledger->in_flight_max)
		ledger->in_flight_max = ledger->in_flight;
}

void ledger_leave(struct ledger *ledger)
{
	ledger->in_flight--;
}

static void log_number(struct bytes *log, int64_t number)
{
	char digits[24], *at = digits + sizeof digits;

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	bytes_append(log, at, (size_t)(digits + sizeof digits - at));
}

/* One word of the line: spaces and control characters would break its columns. */
static void log_word(struct bytes *log, struct span word)
{
	size_t length = word.length > 300 ? 300 : word.length;

	bytes_append(log, " ", 1);
	if (!length)
		bytes_append(log, "-", 1);
	bytes_append(log, word.at, length);
	for (size_t i = log->length - length; i < log->length; i++) {
		if ((unsigned char)log->data[i] <= ' ' || log->data[i] == 127)
			log->data[i] = '_';
	}
}

static void log_line(struct ledger *ledger, const struct entry *entry)
{
	struct bytes *log = &ledger->log;

	log_number(log, entry->now_ns);
	log_word(log, entry->method);
	log_word(log, entry->path);
	log_word(log, entry->id);
	bytes_append(log, " ", 1);
	log_number(log, entry->status);
	log_word(log, entry->key);
	bytes_append(log, " ", 1);
	log_number(log, ledger->in_flight);
	log_word(log, (struct span){entry->note, strlen(entry->note)});
	bytes_append(log, "\n", 1);
	if (log->length >= LOG_BUFFER)
		ledger_flush(ledger);
}

void ledger_answer(struct ledger *ledger, struct seen *seen, const struct entry *entry)
{
	seen->requests++;
	if (entry->success) {
		if (seen->succeeded < UINT16_MAX)
			seen->succeeded++;
		if (seen->succeeded == 1)
			ledger->unique_ok++;
		else if (seen->succeeded == 2)
			ledger->duplicates++;
	}
	if (entry->status > 0 && entry->status < 1000)
		ledger->by_status[entry->status]++;
	else
		ledger->reset++;
	if (strcmp(entry->note, "truncated") == 0)
		ledger->truncated++;
	if (ledger->log_fd >= 0)
		log_line(ledger, entry);
}

void ledger_stats(const struct ledger *ledger, struct bytes *out)
{
	const char *comma = "";

	bytes_format(out, "{\"requests\":%" PRId64 ",\"by_status\":{", ledger->requests);
	for (int status = 1; status < 1000; status++) {
		if (!ledger->by_status[status])
			continue;
		bytes_format(out, "%s\"%d\":%" PRId64, comma, status, ledger->by_status[status]);
		comma = ",";
	}
	bytes_format(out, "},\"reset\":%" PRId64 ",\"truncated\":%" PRId64, ledger->reset, ledger->truncated);
	bytes_format(out, ",\"unique\":%" PRIu64 ",\"unique_ok\":%" PRId64 ",\"duplicates\":%" PRId64,
	             ledger->table_used, ledger->unique_ok, ledger->duplicates);
	bytes_format(out, ",\"window_max\":%" PRIu64, ledger->window_max);
	bytes_format(out, ",\"in_flight\":%" PRId64 ",\"in_flight_max\":%" PRId64,
	             ledger->in_flight, ledger->in_flight_max);
	bytes_format(out, ",\"connections\":%" PRId64, ledger->connections);
	bytes_format(out, ",\"first_ns\":%" PRId64 ",\"last_ns\":%" PRId64 "}\n",
	             ledger->first_ns, ledger->last_ns);
}
