#include "engine/run/account.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/store/items.h"

void account_set_state(struct job_row *row, enum job_state state, const char *reason,
                       int64_t resume_at_ms)
{
	assert(row->state == state || job_state_may_move(row->state, state));
	if (row->state != state)
		row->state_since_ms = clock_wall_ms();
	row->state = state;
	snprintf(row->reason, sizeof(row->reason), "%s", reason != NULL ? reason : "");
	row->resume_at_ms = resume_at_ms;
}

enum status account_load(struct db *db, int64_t job, struct account **out, struct error *error)
{
	struct account *account = calloc(1, sizeof(*account));
	enum status status;

	if (account == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	account->job = job;
	status = jobs_get(db, job, &account->row, error);
	if (status == STATUS_OK)
		status = items_next_due(db, job, &account->next_due_ms, error);
	if (status != STATUS_OK) {
		account_free(account, NULL);
		return status;
	}
	window_init(&account->window, account->row.claim_cursor);
	*out = account;
	return STATUS_OK;
}

static void release_list(struct queue_list *list, struct pool *pool)
{
	struct queue_node *node = list->head;

	while (node != NULL) {
		struct queue_node *next = node->next;

		task_release(pool, (struct task *)node);
		node = next;
	}
	memset(list, 0, sizeof(*list));
}

void account_free(struct account *account, struct pool *pool)
{
	if (account == NULL)
		return;
	release_list(&account->claimed, pool);
	job_row_free(&account->row);
	window_free(&account->window);
	free(account->settled);
	free(account);
}

enum status account_reload(struct account *account, struct db *db, struct pool *pool,
                           bool command_only, struct error *error)
{
	enum status status;

	release_list(&account->claimed, pool);
	account->settled_count = command_only ? account->settled_before : 0;
	account->dirty = false;
	if (!command_only)
		account->touched = false;
	job_row_free(&account->row);
	account->rules_of = NULL;
	status = jobs_get(db, account->job, &account->row, error);
	if (status == STATUS_OK)
		status = items_next_due(db, account->job, &account->next_due_ms, error);
	account->due_told = false;
	return status;
}

void account_settled(struct account *account, int64_t seq)
{
	int64_t *grown;

	if (account->settled_count == account->settled_capacity) {
		int capacity = account->settled_capacity == 0 ? 1024 : account->settled_capacity * 2;

		grown = realloc(account->settled, (size_t)capacity * sizeof(*grown));
		if (grown == NULL)
			return; /* low stays where it is: a longer scan after a crash, no more */
		account->settled = grown;
		account->settled_capacity = capacity;
	}
	account->settled[account->settled_count++] = seq;
}

/* Does the job send at the moment? */
static bool sending(const struct account *account)
{
	return account->row.state == JOB_RUNNING || account->row.state == JOB_IMPORTING;
}

static enum status pause_for(struct account *account, struct db *db,
                             const struct settlement *settlement, int64_t now_ms,
                             struct error *error)
{
	struct job_row *row = &account->row;

	if (!sending(account)) {
		/* Paused until a time by an earlier answer: the longest wait wins. */
		if (row->state == JOB_PAUSED && row->resume_at_ms > 0 &&
		    settlement->pause_until_ms > row->resume_at_ms)
			account_set_state(row, JOB_PAUSED, settlement->reason,
			                  settlement->pause_until_ms);
		return STATUS_OK;
	}
	account_set_state(row, JOB_PAUSED, settlement->reason,
	                  settlement->pause_by_rule ? 0 : settlement->pause_until_ms);
	return events_add(db, account->job, now_ms, "sluice", "pause", settlement->reason, error);
}

enum status account_record(struct account *account, struct db *db,
                           const struct settlement *settlement, int64_t now_ms,
                           struct error *error)
{
	enum status status = outcomes_record(db, &account->row, &settlement->record, error);

	if (status != STATUS_OK)
		return status;
	account->dirty = true;
	account_settled(account, settlement->record.seq);
	if (settlement->pause_by_rule || settlement->pause_until_ms > 0)
		status = pause_for(account, db, settlement, now_ms, error);
	return status;
}

struct claiming {
	struct account *account;
	struct pool *pool;
	int64_t expected; /* the next fresh seq if none between was skipped by hand */
};

static char *copy(const char *text, size_t length)
{
	char *out = malloc(length + 1);

	if (out != NULL) {
		memcpy(out, text, length);
		out[length] = '\0';
	}
	return out;
}

static enum status take_claimed(void *context, const struct claimed_item *item)
{
	struct claiming *claiming = context;
	struct task *task = task_new(claiming->pool);

	if (task == NULL)
		return STATUS_NO_MEMORY;
	task->seq = item->seq;
	task->resend = !item->fresh;
	task->attempts = item->attempts;
	task->spent = item->spent;
	task->since_ms = item->since_ms;
	task->ask = item->ask;
	task->input = copy(item->input, item->input_length);
	task->input_length = item->input_length;
	if (item->key != NULL)
		task->key = copy(item->key, strlen(item->key));
	if (task->input == NULL || (item->key != NULL && task->key == NULL)) {
		task_release(claiming->pool, task);
		return STATUS_NO_MEMORY;
	}
	if (item->fresh) {
		for (int64_t seq = claiming->expected; seq < item->seq; seq++)
			account_settled(claiming->account, seq);
		claiming->expected = item->seq + 1;
	}
	queue_list_add(&claiming->account->claimed, &task->node);
	return STATUS_OK;
}

bool account_claimable(const struct account *account, int64_t now_ms)
{
	return sending(account) &&
	       (account->row.counts[ITEM_PENDING] > 0 || account->next_due_ms <= now_ms);
}

bool account_hungry(const struct account *account, int64_t now_ms)
{
	return account->attached && !account->barren && account_claimable(account, now_ms) &&
	       account->client.want(account->client.lane) > 0;
}

/* What was sent with a key that the server may have forgotten by now; and what
 * waits for a verify request that the job has no more. */
static bool needs_a_person(const struct account *account, const struct task *task, int64_t now_ms)
{
	if (task->ask)
		return !account->asks;
	return account->key_age_ms_max > 0 && task->since_ms > 0 &&
	       now_ms - task->since_ms > account->key_age_ms_max;
}

/* Some are not sent again without a person's word, or the server's. */
static enum status put_aside(struct account *account, struct db *db, struct pool *pool,
                             int64_t now_ms, struct error *error)
{
	struct queue_node *node = account->claimed.head, *next;
	enum status status = STATUS_OK;

	memset(&account->claimed, 0, sizeof(account->claimed));
	for (; node != NULL; node = next) {
		struct task *task = (struct task *)node;

		next = node->next;
		if (status != STATUS_OK || !needs_a_person(account, task, now_ms)) {
			queue_list_add(&account->claimed, node);
			continue;
		}
		status = items_give_up(db, &account->row, task->seq, task->attempts, account->asks,
		                       now_ms, error);
		account_settled(account, task->seq);
		task_release(pool, task);
	}
	return status;
}

enum status account_claim(struct account *account, struct db *db, struct pool *pool,
                          int64_t now_ms, struct error *error)
{
	struct claiming claiming = {account, pool, account->row.claim_cursor + 1};
	int want, count = 0;
	enum status status;

	if (!account->attached || !account_claimable(account, now_ms))
		return STATUS_OK;
	want = account->client.want(account->client.lane);
	if (want <= 0)
		return STATUS_OK;
	status = items_claim(db, &account->row, want, account_fresh_max(account), now_ms,
	                     take_claimed, &claiming, &count, error);
	if (status == STATUS_NO_MEMORY && error->status == STATUS_OK)
		error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK)
		status = put_aside(account, db, pool, now_ms, error);
	if (count > 0)
		account->dirty = true;
	account->barren = count == 0;
	if (account->row.started_at_ms == 0 && count > 0)
		account->row.started_at_ms = now_ms;
	return status;
}

enum status account_wake(struct account *account, struct db *db, int64_t now_ms,
                         struct error *error)
{
	struct job_row *row = &account->row;

	if (row->state != JOB_PAUSED || row->resume_at_ms == 0 || row->resume_at_ms > now_ms)
		return STATUS_OK;
	account_set_state(row, row->sealed ? JOB_RUNNING : JOB_IMPORTING, NULL, 0);
	account->dirty = true;
	return events_add(db, account->job, now_ms, "sluice", "resume", "the pause is over", error);
}

static enum status follow_counts(struct account *account, struct db *db, int64_t now_ms,
                                 struct error *error)
{
	struct job_row *row = &account->row;
	int64_t open = row->counts[ITEM_PENDING] + row->counts[ITEM_RUNNING] +
	               row->counts[ITEM_WAITING];
	char detail[96];

	if (row->state == JOB_IMPORTING && row->sealed)
		account_set_state(row, JOB_RUNNING, NULL, 0);
	/* A person's retry of items of a finished job puts it to work again. */
	if (row->state == JOB_FINISHED && open > 0) {
		account_set_state(row, JOB_RUNNING, NULL, 0);
		row->finished_at_ms = 0;
	}
	if (open > 0 || !row->sealed ||
	    (row->state != JOB_RUNNING && row->state != JOB_PAUSED && row->state != JOB_HALTED))
		return STATUS_OK;
	account_set_state(row, JOB_FINISHED, NULL, 0);
	row->finished_at_ms = now_ms;
	snprintf(detail, sizeof(detail), "%lld done, %lld failed, %lld unknown, %lld skipped",
	         (long long)row->counts[ITEM_DONE], (long long)row->counts[ITEM_FAILED],
	         (long long)row->counts[ITEM_UNKNOWN], (long long)row->counts[ITEM_SKIPPED]);
	return events_add(db, account->job, now_ms, "sluice", "finish", detail, error);
}

enum status account_flush(struct account *account, struct db *db, int64_t now_ms,
                          struct error *error)
{
	struct job_row *row = &account->row;
	enum status status;

	if (!account->dirty)
		return STATUS_OK;
	status = follow_counts(account, db, now_ms, error);
	if (status == STATUS_OK)
		status = account_follow_stops(account, db, now_ms, error);
	if (status == STATUS_OK) {
		if (account->attached && account->client.remember != NULL)
			account->client.remember(account->client.lane, row);
		row->low = row->counts[ITEM_RUNNING] == 0 ? row->claim_cursor : account->window.low;
		status = jobs_save(db, row, error);
	}
	if (status != STATUS_OK)
		return status;
	account->dirty = false;
	account->barren = false;
	account->touched = true;
	account->next_due_ms = INT64_MAX;
	account->due_told = false;
	if (row->counts[ITEM_WAITING] > 0)
		status = items_next_due(db, account->job, &account->next_due_ms, error);
	return status;
}

void account_committed(struct account *account, int64_t now_ms)
{
	const bool due = account->next_due_ms <= now_ms;

	window_extend(&account->window, account->row.claim_cursor);
	for (int i = 0; i < account->settled_count; i++)
		window_settle(&account->window, account->settled[i]);
	account->settled_count = 0;
	if (account->attached && account->claimed.count > 0)
		account->client.deliver(account->client.lane, &account->claimed);
	if (account->attached && (account->touched || (due && !account->due_told))) {
		account->client.changed(account->client.lane, &account->row,
		                        account_claimable(account, now_ms));
		account->due_told = due;
	}
}

int64_t account_timer_ms(const struct account *account)
{
	const struct job_row *row = &account->row;

	if (row->state == JOB_PAUSED)
		return row->resume_at_ms > 0 ? row->resume_at_ms : INT64_MAX;
	if (!account->attached || !sending(account) || account->due_told)
		return INT64_MAX;
	return account->next_due_ms;
}
