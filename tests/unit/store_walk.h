/* A job walked at random through the store's verbs, beside a plain model of every
 * item.  For the tests of the store. */
#ifndef TESTS_UNIT_STORE_WALK_H
#define TESTS_UNIT_STORE_WALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/policy/cause.h"
#include "engine/store/filter.h"
#include "engine/store/items.h"
#include "engine/store/outcomes.h"
#include "engine/store/reads.h"
#include "engine/store/upkeep.h"

#define ITEMS 300

struct model {
	enum item_state state;
	int attempts;
	bool in_resend;
};

struct store {
	char path[64];
	struct db *db, *other;
	struct job_row row;
	struct model model[ITEMS + 1]; /* by seq */
	int64_t now_ms;
	struct random random;
};

static void must(enum status status, const struct error *error)
{
	if (status != STATUS_OK)
		fail_msg("%s", error->text);
}

static void make_job(struct store *store, bool repeatable)
{
	struct error error = {0};
	const unsigned char uuid[16] = {1, 2, 3};
	int64_t job = 0;

	must(db_begin(store->db, &error), &error);
	must(jobs_insert(store->db, "job", uuid, "{}", repeatable, 1000, &job, &error), &error);
	must(jobs_get(store->db, job, &store->row, &error), &error);
	for (int seq = 1; seq <= ITEMS; seq++) {
		char input[64], key[16];
		int length = snprintf(input, sizeof(input), "{\"n\":%d}", seq);
		int key_length = snprintf(key, sizeof(key), "k%d", seq);

		must(items_insert(store->db, job, seq, input, (size_t)length, key, (size_t)key_length,
		                  &error),
		     &error);
		store->model[seq] = (struct model){.state = ITEM_PENDING};
	}
	store->row.total = ITEMS;
	store->row.counts[ITEM_PENDING] = ITEMS;
	store->row.sealed = true;
	store->row.state = JOB_RUNNING;
	must(jobs_save(store->db, &store->row, &error), &error);
	must(db_commit(store->db, &error), &error);
}

static int open_store(void **state)
{
	struct store *store = calloc(1, sizeof(*store));
	struct error error = {0};

	snprintf(store->path, sizeof(store->path), "/tmp/sluice-store-%ld.db", (long)getpid());
	unlink(store->path);
	store->now_ms = 1000000;
	store->random.state = 42;
	must(db_open(store->path, DB_WRITER, &store->db, &error), &error);
	*state = store;
	return 0;
}

static int close_store(void **state)
{
	struct store *store = *state;
	char other[80];

	db_close(store->db);
	job_row_free(&store->row);
	unlink(store->path);
	snprintf(other, sizeof(other), "%s-wal", store->path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", store->path);
	unlink(other);
	free(store);
	return 0;
}

/* ---- the walk ------------------------------------------------------------------ */

static enum status claimed_one(void *context, const struct claimed_item *item)
{
	struct store *store = context;
	struct model *model = &store->model[item->seq];
	char expected[64];

	assert_true(model->state == ITEM_PENDING || model->state == ITEM_WAITING);
	assert_int_equal(item->attempts, model->attempts);
	assert_int_equal(item->fresh, !model->in_resend);
	snprintf(expected, sizeof(expected), "{\"n\":%lld}", (long long)item->seq);
	assert_int_equal(item->input_length, strlen(expected));
	assert_memory_equal(item->input, expected, item->input_length);
	model->state = ITEM_RUNNING;
	return STATUS_OK;
}

static void claim(struct store *store)
{
	struct error error = {0};
	int count = 0;

	must(items_claim(store->db, &store->row, 1 + (int)random_upto(&store->random, 20),
	                 (int)random_upto(&store->random, 20), store->now_ms, claimed_one, store, &count, &error),
	     &error);
}

static int64_t some_seq(struct store *store, enum item_state state)
{
	int64_t start = 1 + random_upto(&store->random, ITEMS - 1);

	for (int64_t i = 0; i < ITEMS; i++) {
		int64_t seq = (start + i - 1) % ITEMS + 1;

		if (store->model[seq].state == state)
			return seq;
	}
	return 0;
}

static void settle(struct store *store)
{
	static const enum item_state ends[] = {ITEM_DONE,    ITEM_DONE,    ITEM_FAILED, ITEM_UNKNOWN,
	                                       ITEM_SKIPPED, ITEM_WAITING, ITEM_PENDING};
	static const enum decision decisions[] = {DECISION_DONE,    DECISION_DONE, DECISION_FAIL,
	                                          DECISION_UNKNOWN, DECISION_SKIP, DECISION_RETRY,
	                                          DECISION_PAUSE};
	int64_t which = random_upto(&store->random, 6), seq = some_seq(store, ITEM_RUNNING);
	struct error error = {0};
	struct attempt_record record = {0};
	char text[64]; /* of this item and no other */

	if (seq == 0)
		return;
	snprintf(text, sizeof(text), "{\"n\":%lld}", (long long)seq);
	record.seq = seq;
	record.n = store->model[seq].attempts + 1;
	record.at_ms = store->now_ms;
	record.duration_ms = seq;
	record.connect_ms = record.first_byte_ms = record.wait_ms = -1;
	record.decision = decisions[which];
	record.next = ends[which];
	record.http_status = 200;
	record.class_name = "http";
	record.message = record.cause = "because";
	record.group = cause_hash("http", 200, NULL, "because");
	record.due_ms = record.next == ITEM_WAITING ? store->now_ms + random_upto(&store->random, 500) : 0;
	record.spent = record.n;
	record.since_ms = 1;
	record.body = text;
	record.body_length = strlen(text);
	record.body_bytes = (int64_t)strlen(text);
	if (record.next == ITEM_DONE && seq % 3 == 0) {
		record.extracted = text;
		record.extracted_length = strlen(text);
	}
	record.was_resend = store->model[seq].in_resend;
	record.requested = true;
	must(outcomes_record(store->db, &store->row, &record, &error), &error);
	store->model[seq].state = record.next;
	store->model[seq].attempts = record.n;
	store->model[seq].in_resend = record.next == ITEM_WAITING || record.next == ITEM_PENDING;
}

static void unclaim(struct store *store)
{
	int64_t seq = some_seq(store, ITEM_RUNNING);
	struct error error = {0};

	if (seq == 0)
		return;
	must(items_unclaim(store->db, &store->row, seq, store->model[seq].attempts, 0, 0, false,
		                   store->now_ms, &error),
	     &error);
	store->model[seq].state = ITEM_PENDING;
	store->model[seq].in_resend = true;
}

static bool allows(enum manual what, bool done_too, enum item_state state)
{
	switch (what) {
	case MANUAL_RETRY:
		return state == ITEM_FAILED || state == ITEM_UNKNOWN || state == ITEM_SKIPPED ||
		       (state == ITEM_DONE && done_too);
	case MANUAL_SKIP:
		return state == ITEM_FAILED || state == ITEM_UNKNOWN || state == ITEM_PENDING ||
		       state == ITEM_WAITING;
	default:
		return state == ITEM_UNKNOWN;
	}
}

static void by_hand(struct store *store)
{
	static const enum item_state to[] = {ITEM_PENDING, ITEM_SKIPPED, ITEM_DONE, ITEM_FAILED};
	enum manual what = (enum manual)random_upto(&store->random, 3);
	bool done_too = random_upto(&store->random, 3) == 0, changed = false;
	int64_t seq = 1 + random_upto(&store->random, ITEMS - 1);
	struct model *model = &store->model[seq];
	struct item_standing standing;
	struct error error = {0};

	must(outcomes_standing(store->db, &store->row, seq, &standing, &error), &error);
	must(outcomes_manual(store->db, &store->row, &standing, 1, what, done_too, store->now_ms,
	                     &changed, &error),
	     &error);
	assert_int_equal(changed, allows(what, done_too, model->state));
	if (!changed)
		return;
	model->state = to[what];
	model->in_resend = what == MANUAL_RETRY && seq <= store->row.claim_cursor;
}

static void reopen(struct store *store)
{
	struct error error = {0};
	int64_t job = store->row.id;

	must(jobs_save(store->db, &store->row, &error), &error);
	must(db_commit(store->db, &error), &error);
	db_close(store->db);
	job_row_free(&store->row);
	must(db_open(store->path, DB_WRITER, &store->db, &error), &error);
	must(db_begin(store->db, &error), &error);
	must(jobs_get(store->db, job, &store->row, &error), &error);
}

static void crash(struct store *store)
{
	int64_t running = store->row.counts[ITEM_RUNNING];
	struct recovery recovery;
	struct error error = {0};

	/* low may lag behind, as it does in the writer. */
	store->row.low = 0;
	reopen(store);
	must(items_recover(store->db, &store->row, store->now_ms - 1, false, store->now_ms,
	                   &recovery, &error), &error);
	assert_int_equal(store->row.counts[ITEM_RUNNING], 0);
	assert_int_equal(recovery.put_back + recovery.unknown, running);
	for (int seq = 1; seq <= ITEMS; seq++) {
		struct model *model = &store->model[seq];

		if (model->state != ITEM_RUNNING)
			continue;
		model->state = store->row.repeatable ? ITEM_PENDING : ITEM_UNKNOWN;
		model->in_resend = store->row.repeatable;
		model->attempts += !store->row.repeatable;
	}
}

static void compare(struct store *store)
{
	int64_t counts[ITEM_STATES] = {0};
	struct buffer report = {0};
	struct error error = {0};
	bool sound = false;

	for (int64_t seq = 1; seq <= ITEMS; seq++) {
		struct item_standing standing;

		must(outcomes_standing(store->db, &store->row, seq, &standing, &error), &error);
		if (standing.state != store->model[seq].state)
			fail_msg("item %lld: %s, expected %s", (long long)seq,
			         item_state_name(standing.state),
			         item_state_name(store->model[seq].state));
		counts[standing.state]++;
	}
	for (int state = 0; state < ITEM_STATES; state++)
		assert_int_equal(counts[state], store->row.counts[state]);
	must(jobs_save(store->db, &store->row, &error), &error);
	must(db_commit(store->db, &error), &error);
	must(upkeep_check(store->db, &sound, &report, &error), &error);
	if (!sound)
		fail_msg("%s", report.data);
	buffer_free(&report);
	must(db_begin(store->db, &error), &error);
}

static void walk(struct store *store, bool repeatable)
{
	struct error error = {0};

	make_job(store, repeatable);
	must(db_begin(store->db, &error), &error);
	for (int step = 0; step < 4000; step++) {
		int64_t dice = random_upto(&store->random, 99);

		store->now_ms += random_upto(&store->random, 20);
		if (dice < 15)
			claim(store);
		else if (dice < 70)
			settle(store);
		else if (dice < 80)
			unclaim(store);
		else if (dice < 99)
			by_hand(store);
		else
			crash(store);
		if (step % 200 == 0)
			compare(store);
	}
	compare(store);
	must(db_commit(store->db, &error), &error);
}

#endif
