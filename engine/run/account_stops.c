/* When a job stops by its own rules: a halting threshold, or a canary that
 * waits for a person's go-ahead. */
#include <stdio.h>
#include <string.h>

#include "engine/request/spec.h"
#include "engine/run/account.h"

/* The job's text is parsed once, and again when it was replaced. */
static void read_rules(struct account *account)
{
	struct spec *spec = NULL;
	struct error ignored;

	if (account->rules_of == account->row.spec)
		return;
	account->rules_of = account->row.spec;
	memset(&account->halt, 0, sizeof(account->halt));
	account->canary = account->key_age_ms_max = 0;
	account->asks = false;
	if (spec_parse(account->row.spec, strlen(account->row.spec), NULL, &spec, &ignored) !=
	    STATUS_OK)
		return;
	account->halt = spec->halt;
	account->canary = spec->canary;
	account->asks = spec->verify_url != NULL;
	account->key_age_ms_max = spec->keyed && !spec->idempotent ? spec->key_age_ms_max : 0;
	spec_free(spec);
}

static int64_t ended(const struct job_row *row)
{
	return row->counts[ITEM_DONE] + row->counts[ITEM_FAILED] + row->counts[ITEM_UNKNOWN] +
	       row->counts[ITEM_SKIPPED];
}

int account_fresh_max(struct account *account)
{
	int64_t left;

	read_rules(account);
	left = account->canary - account->row.claim_cursor;
	if (account->canary == 0 || account->row.canary_passed || left > INT32_MAX)
		return INT32_MAX;
	return left > 0 ? (int)left : 0;
}

static bool canary_over(const struct account *account)
{
	const struct job_row *row = &account->row;

	return account->canary > 0 && !row->canary_passed && row->claim_cursor >= account->canary &&
	       row->total > account->canary && ended(row) >= account->canary;
}

enum status account_follow_stops(struct account *account, struct db *db, int64_t now_ms,
                                 struct error *error)
{
	struct job_row *row = &account->row;
	char reason[sizeof(row->reason)], why[160];

	if (row->state != JOB_RUNNING && row->state != JOB_IMPORTING)
		return STATUS_OK;
	read_rules(account);
	if (halt_reached(&account->halt, row->counts[ITEM_FAILED] - row->halt_failed,
	                 ended(row) - row->halt_ended, why, sizeof(why))) {
		account_set_state(row, JOB_HALTED, why, 0);
		return events_add(db, account->job, now_ms, "sluice", "halt", why, error);
	}
	if (!canary_over(account))
		return STATUS_OK;
	snprintf(reason, sizeof(reason), ACCOUNT_CANARY " %lld done, %lld failed, %lld unknown; waits for a go-ahead",
	         (long long)row->counts[ITEM_DONE], (long long)row->counts[ITEM_FAILED],
	         (long long)row->counts[ITEM_UNKNOWN]);
	account_set_state(row, JOB_PAUSED, reason, 0);
	return events_add(db, account->job, now_ms, "sluice", "pause", reason, error);
}

bool account_waits_for_leave(const struct job_row *row)
{
	return row->state == JOB_PAUSED &&
	       strncmp(row->reason, ACCOUNT_CANARY, strlen(ACCOUNT_CANARY)) == 0;
}

void account_go_ahead(struct job_row *row)
{
	if (row->state == JOB_HALTED) {
		row->halt_failed = row->counts[ITEM_FAILED];
		row->halt_ended = ended(row);
	}
	if (account_waits_for_leave(row))
		row->canary_passed = true;
	row->upstream.probe_ms = 0; /* a person says that it is up: try at once */
}
