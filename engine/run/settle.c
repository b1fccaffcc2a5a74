#include "engine/run/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/policy/headers.h"
#include "engine/request/secret.h"
#include "engine/run/judge.h"
#include "engine/run/settle_internal.h"

/* What is taken out of a response, in bytes: a value beyond it is left out. */
#define EXTRACTED_MAX ((size_t)1 << 20)

/* So much of a message is looked at for secrets before it is cut. */
#define TEXT_WIDE 8192

/* Masked before it is cut: a secret's first half would not be known again. */
static void keep_text(const struct secret_set *secrets, char *wide, char *out, size_t size)
{
	size_t length = strlen(wide), bad;

	secret_mask(secrets, wide, &length);
	if (length >= size)
		length = size - 1;
	memcpy(out, wide, length);
	out[length] = '\0';
	while (!utf8_check(out, strlen(out), &bad))
		out[bad] = '\0';
}

static bool body_missing(const struct response *response)
{
	return response->body_end == BODY_TOO_LARGE || response->body_end == BODY_NO_ROOM;
}

/* What was to be taken out of it may be had the next time. */
static bool worth_another(const struct response *response, const struct spec *spec)
{
	return response->body_end == BODY_NO_ROOM && spec->extract_count > 0 &&
	       (spec->idempotent || spec->keyed);
}

/* Not judged is not done: it is as if no whole response had come. */
static void refuse_body(struct response *response)
{
	const bool large = response->body_end == BODY_TOO_LARGE;

	response->transport = large ? TRANSPORT_TOO_LARGE : TRANSPORT_NO_ROOM;
	snprintf(response->error_text, sizeof(response->error_text),
	         large ? "response too large: more than %d MiB, and the job's rules read its body"
	               : "response too large: no room for it beside others (%d MiB in all)",
	         large ? BODY_BYTES_JUDGED_MAX >> 20 : (int)(BODY_ROOM >> 20));
}

static enum decision apply_rules(struct settlement *settlement, struct pool_worker *worker,
                                 const struct plan *plan, const char **class_name)
{
	const struct response *response = &settlement->task->exchange.response;
	const struct secret_set *secrets = plan_secrets(plan);
	const struct response_view view = {
	    .status = response->http_status,
	    .headers = response->headers.data,
	    .headers_length = response->headers.length,
	    .body = response->body.data,
	    .body_length = response->body.length,
	};
	const struct judge judge = {worker->jsonpath, &worker->scratch};
	enum decision decision;
	const struct spec_rule *rule;
	char wide[TEXT_WIDE];

	if (body_missing(response) && (judge_needs_rest(&judge, plan_spec(plan), &view) ||
	                               worth_another(response, plan_spec(plan)))) {
		refuse_body(&settlement->task->exchange.response);
		*class_name = transport_name(response->transport);
		return DECISION_NONE;
	}
	rule = judge_rules(&judge, plan_spec(plan), &view, &decision, class_name);
	if (rule != NULL) {
		if (judge_text(&judge, &view, rule->code, wide, sizeof(wide)))
			keep_text(secrets, wide, settlement->code, sizeof(settlement->code));
		if (judge_text(&judge, &view, rule->message, wide, sizeof(wide)))
			keep_text(secrets, wide, settlement->text, sizeof(settlement->text));
		snprintf(settlement->reason, sizeof(settlement->reason), "rule: %s", rule->text);
	}
	return decision;
}

/* What is masked inside a number is no JSON any more: it becomes text. */
static void put_extracted(const struct secret_set *secrets, struct buffer *value,
                          struct buffer *out)
{
	if (secret_mask(secrets, value->data, &value->length) &&
	    !json_check(value->data, value->length, NULL))
		buffer_json(out, value->data, value->length);
	else
		buffer_append(out, value->data, value->length);
}

static void extract(struct pool_worker *worker, const struct plan *plan,
                    const struct response *response, struct buffer *out)
{
	const struct spec *spec = plan_spec(plan);

	for (int i = 0; i < spec->extract_count; i++) {
		buffer_char(out, i == 0 ? '{' : ',');
		buffer_json(out, spec->extract[i].name, strlen(spec->extract[i].name));
		buffer_char(out, ':');
		buffer_reset(&worker->scratch, 65536);
		if (jsonpath_get(worker->jsonpath, response->body.data, response->body.length,
		                 spec->extract[i].value, &worker->scratch) &&
		    out->length + worker->scratch.length <= EXTRACTED_MAX)
			put_extracted(plan_secrets(plan), &worker->scratch, out);
		else
			buffer_text(out, "null");
	}
	buffer_char(out, '}');
}

static enum item_state next_state(const struct verdict *verdict)
{
	switch (verdict->decision) {
	case DECISION_DONE:
		return ITEM_DONE;
	case DECISION_FAIL:
		return ITEM_FAILED;
	case DECISION_UNKNOWN:
		return ITEM_UNKNOWN;
	case DECISION_SKIP:
		return ITEM_SKIPPED;
	case DECISION_PAUSE:
		return ITEM_PENDING;
	default:
		return ITEM_WAITING;
	}
}

static void local_time(int64_t wall_ms, char out[16])
{
	time_t seconds = (time_t)(wall_ms / MS_PER_S);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(out, 16, "%H:%M:%S", &tm);
}

/* Waiting beyond this one item: the lane holds, or the job pauses. */
static void plan_pause(struct settlement *settlement, const struct pace *pace,
                       const struct verdict *verdict, const struct upstream_word *word,
                       int64_t now_ms)
{
	char until[16];

	if (word->news == BREAKER_CREDENTIALS) {
		settlement->pause_by_rule = true;
		snprintf(settlement->reason, sizeof(settlement->reason), "credentials refused");
		return;
	}
	if (word->news == BREAKER_OPENS || word->news == BREAKER_STAYS_OPEN ||
	    word->news == BREAKER_REOPENS) {
		settlement->pause_until_ms = word->probe_wall_ms;
		local_time(settlement->pause_until_ms, until);
		snprintf(settlement->reason, sizeof(settlement->reason),
		         "target down, next probe %s", until);
		return;
	}
	if (verdict->decision == DECISION_PAUSE) {
		settlement->pause_by_rule = true;
		return;
	}
	if (verdict->decision != DECISION_THROTTLE || !verdict->wait_told)
		return;
	if (verdict->wait_ms <= WAIT_PAUSES_JOB_MS) {
		/* A budget's reset is the pace's to follow, where there is one. */
		if ((verdict->wait_asked && pace_telling(settlement->task)) || !limit_adapts(pace->limit))
			settlement->hold_ms = verdict->wait_ms_min;
		return;
	}
	settlement->pause_until_ms = now_ms + verdict->wait_ms;
	local_time(settlement->pause_until_ms, until);
	snprintf(settlement->reason, sizeof(settlement->reason), "%d until %s",
	         settlement->record.http_status, until);
}

static void describe(struct settlement *settlement, const struct response *response,
                     const struct secret_set *secrets)
{
	struct attempt_record *record = &settlement->record;
	char wide[TEXT_WIDE];

	if (settlement->text[0] == '\0') {
		if (response->transport != TRANSPORT_OK)
			snprintf(wide, sizeof(wide), "%s", response->error_text);
		else
			cause_message(response->body.data, response->body.length, wide, sizeof(wide));
		keep_text(secrets, wide, settlement->text, sizeof(settlement->text));
	}
	cause_normalise(settlement->text, strlen(settlement->text), settlement->cause);
	record->code = settlement->code[0] != '\0' ? settlement->code : NULL;
	record->message = settlement->text;
	record->cause = settlement->cause;
	record->group = cause_hash(record->class_name, record->http_status, record->code,
	                           settlement->cause);
}

static void fill_times(struct attempt_record *record, const struct response *response,
                       int64_t now_ms)
{
	record->at_ms = now_ms;
	record->duration_ms = response->total_us / 1000;
	record->connect_ms = response->connect_us / 1000;
	record->first_byte_ms = response->first_byte_us > 0 ? response->first_byte_us / 1000 : -1;
}

/* Beyond that age the server may have forgotten the key. */
static bool key_is_old(const struct spec *spec, int64_t since_ms, int64_t now_ms)
{
	return since_ms > 0 && now_ms - since_ms > spec->key_age_ms_max;
}

static void decide(struct settlement *settlement, struct pool_worker *worker,
                   const struct pace *pace, const struct plan *plan, int64_t now_ms,
                   struct verdict *verdict, struct upstream_word *word)
{
	const struct spec *spec = plan_spec(plan);
	struct task *task = settlement->task;
	struct response *response = &task->exchange.response;
	struct attempt_record *record = &settlement->record;
	const char *class_name =
	    response->transport == TRANSPORT_OK ? "http" : transport_name(response->transport);
	struct attempt_facts facts = {
	    .transport = response->transport,
	    .http_status = response->http_status,
	    .sent = response->sent,
	    .idempotent = spec->idempotent,
	    .keyed = spec->keyed && !key_is_old(spec, task->since_ms, now_ms),
	    .attempt = task->spent + 1,
	    .spent_ms = task->since_ms > 0 ? now_ms - task->since_ms : response->total_us / 1000,
	};

	if (response->transport == TRANSPORT_OK) {
		jsonpath_hold(worker->jsonpath, response->body.data, response->body.length);
		facts.rule = apply_rules(settlement, worker, plan, &class_name);
	}
	facts.transport = response->transport;
	headers_read_overridden(response->headers.data, response->headers.length, now_ms,
	                        &spec->headers, &facts.hints);
	pace_decide(pace, task, &facts, &spec->retry, &worker->random, verdict, word);

	record->class_name = class_name;
	record->decision = verdict->decision;
	record->next = next_state(verdict);
	record->spent = task->spent + (verdict->charge_attempt ? 1 : 0);
	/* The time an outage took is not the item's, nor that of a pause. */
	if (facts.forgiven)
		record->since_ms = 0;
	else if (task->since_ms > 0 || (verdict->wait_ms > WAIT_PAUSES_JOB_MS && !verdict->charge_attempt))
		record->since_ms = task->since_ms;
	else
		record->since_ms = response->started_wall_ms;
	record->wait_ms = verdict->wait_ms;
	if (record->next == ITEM_WAITING)
		record->due_ms = now_ms + (verdict->wait_ms > 0 ? verdict->wait_ms : 0);
	snprintf(settlement->wait_source, sizeof(settlement->wait_source), "%s", verdict->source);
	record->wait_source = settlement->wait_source[0] != '\0' ? settlement->wait_source : NULL;
}

/* So long after an answer that did not come the server is asked. */
#define ASK_AFTER_MS 1000

static void wait_to_ask(struct settlement *settlement, int64_t now_ms)
{
	struct attempt_record *record = &settlement->record;

	record->next = ITEM_WAITING;
	record->ask = true;
	record->wait_ms = ASK_AFTER_MS;
	record->due_ms = now_ms + ASK_AFTER_MS;
	snprintf(settlement->wait_source, sizeof(settlement->wait_source), "verify");
	record->wait_source = settlement->wait_source;
}

/* What the answer to a verify request means for its item.  `done` where the
 * condition held, what is to be repeated is; else a 2xx, 404 or 410 says that
 * it was not done, so it may be; anything else says nothing. */
static void read_answer(struct settlement *settlement, const struct spec *spec, int64_t now_ms)
{
	struct attempt_record *record = &settlement->record;
	int status = record->http_status;
	bool undone = (status >= 200 && status < 300) || status == 404 || status == 410;

	if (record->next == ITEM_WAITING || record->next == ITEM_PENDING) {
		record->ask = true;
		return;
	}
	record->class_name = "verify";
	if (record->decision == DECISION_DONE && settlement->reason[0] != '\0')
		return; /* the rule held */
	if (!undone || settlement->task->spent > spec->retry.retries_max) {
		record->decision = undone ? DECISION_FAIL : DECISION_UNKNOWN;
		record->next = undone ? ITEM_FAILED : ITEM_UNKNOWN;
		snprintf(settlement->text, sizeof(settlement->text), "verify: %s",
		         undone ? "not done, and no attempts are left"
		                : "the answer does not tell whether it was done");
		return;
	}
	record->decision = DECISION_RETRY;
	record->next = ITEM_WAITING;
	record->spent = settlement->task->spent; /* the request itself was charged */
	record->since_ms = 0; /* nothing of it is at the server: its key begins anew */
	record->due_ms = now_ms;
	snprintf(settlement->text, sizeof(settlement->text), "verify: not done, sent again");
}

struct settlement *settle(struct pool_worker *worker, struct task *task, const struct pace *pace,
                          int64_t job, int64_t now_ms)
{
	const struct plan *plan = task->exchange.plan;
	const struct spec *spec = plan_spec(plan);
	const struct secret_set *secrets = plan_secrets(plan);
	struct response *response = &task->exchange.response;
	struct settlement *settlement = calloc(1, sizeof(*settlement));
	struct attempt_record *record;
	struct upstream_word word = {BREAKER_NOTHING, false, 0};
	struct verdict verdict;

	if (settlement == NULL) {
		limit_result(pace->limit, &task->stamp, NULL);
		return NULL;
	}
	settlement->message.kind = MESSAGE_RESULT;
	settlement->task = task;
	settlement->job = job;
	/* What never left says nothing of how fast the target is. */
	settlement->latency_us = response->http_status != 0 || response->sent ? response->total_us : -1;
	record = &settlement->record;
	record->seq = task->seq;
	record->n = task->attempts + 1;
	record->http_status = response->http_status;
	record->curl_error = response->curl_error;
	record->requested = response->transport != TRANSPORT_RENDER;
	record->was_resend = task->resend;
	fill_times(record, response, now_ms);
	decide(settlement, worker, pace, plan, now_ms, &verdict, &word);
	if (task->ask)
		read_answer(settlement, spec, now_ms);
	else if (record->next == ITEM_UNKNOWN && plan_question(plan) != NULL)
		wait_to_ask(settlement, now_ms);
	settlement->final = item_state_final(record->next);
	if (record->next == ITEM_DONE && spec->extract_count > 0) {
		extract(worker, plan, response, &settlement->extracted);
		record->extracted = settlement->extracted.data;
		record->extracted_length = settlement->extracted.length;
	}
	if (record->next != ITEM_DONE)
		describe(settlement, response, secrets);
	plan_pause(settlement, pace, &verdict, &word, now_ms);
	if (record->next != ITEM_DONE || record->n > 1)
		settle_keep_request(settlement, secrets);
	jsonpath_release(worker->jsonpath);
	settle_keep_response(settlement, spec, secrets);
	return settlement;
}

void settlement_free(struct pool *pool, struct settlement *settlement)
{
	if (settlement == NULL)
		return;
	if (settlement->task != NULL)
		task_release(pool, settlement->task);
	buffer_free(&settlement->headers);
	buffer_free(&settlement->request);
	buffer_free(&settlement->extracted);
	free(settlement);
}
