#include "tests/upstream/script.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/upstream/reply.h"

#define SECOND_NS INT64_C(1000000000)
#define MILLISECOND_NS INT64_C(1000000)

enum { FAULT_RESET = 1, FAULT_TRUNCATE = 2 };

static struct span text_span(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* The value of the first `"id":` in a body: good enough for test bodies. */
static bool id_in_body(struct span body, struct span *id)
{
	const char *at = body.length ? memmem(body.at, body.length, "\"id\"", 4) : NULL;
	const char *end = body.at + body.length, *stop;

	if (!at)
		return false;
	at += 4;
	while (at < end && (*at == ' ' || *at == ':'))
		at++;
	if (at == end)
		return false;
	stop = at + (*at == '"');
	at = stop;
	while (stop < end && !strchr("\",}] \r\n", *stop))
		stop++;
	*id = (struct span){at, (size_t)(stop - at)};
	return id->length > 0;
}

static struct span item_id(const struct script *script, const struct message *message)
{
	const char *from = script->settings.id_from, *slash;
	bool any = strcmp(from, "auto") == 0;
	struct span id = {"", 0};

	if ((any || strcmp(from, "header") == 0) && message_header(message, "x-item", &id))
		return id;
	if ((any || strcmp(from, "query") == 0) && message_query(message, "id", &id))
		return id;
	if ((any || strcmp(from, "body") == 0) && id_in_body(message->body, &id))
		return id;
	if (!any && strcmp(from, "path") != 0)
		return (struct span){"", 0};
	slash = memrchr(message->path.at, '/', message->path.length);
	slash = slash ? slash + 1 : message->path.at;
	return (struct span){slash, (size_t)(message->path.at + message->path.length - slash)};
}

/* Whether an item is one of the `percent` chosen for a kind of fault. */
static bool chosen(const struct script *script, const struct seen *seen, double percent, uint64_t kind)
{
	uint64_t mixed[3] = {seen->hash, (uint64_t)script->settings.seed, kind};

	if (percent <= 0)
		return false;
	return (double)(hash_bytes((const char *)mixed, sizeof mixed) >> 11) * 0x1p-53 * 100 < percent;
}

/* The server's own limit on requests a second. */
static bool token_take(struct script *script, int64_t now_ns)
{
	double most = (double)script->settings.burst;

	if (script->settings.qps <= 0)
		return true;
	script->tokens += (double)(now_ns - script->tokens_at_ns) / 1e9 * script->settings.qps;
	script->tokens_at_ns = now_ns;
	if (script->tokens > most)
		script->tokens = most;
	if (script->tokens < 1)
		return false;
	script->tokens -= 1;
	return true;
}

static int64_t random_below(struct script *script, int64_t limit)
{
	script->random ^= script->random << 13;
	script->random ^= script->random >> 7;
	script->random ^= script->random << 17;
	return (int64_t)(script->random % (uint64_t)(limit + 1));
}

/* "/NAME/N…" -> N, -1 where the path is another. */
static int64_t route_number(struct span path, const char *prefix)
{
	size_t length = strlen(prefix);
	int64_t number = 0;

	if (path.length <= length || memcmp(path.at, prefix, length) != 0)
		return -1;
	for (size_t i = length; i < path.length && path.at[i] != '/'; i++) {
		if (path.at[i] < '0' || path.at[i] > '9' || number > 1000000)
			return -1;
		number = number * 10 + (path.at[i] - '0');
	}
	return number;
}

static bool route_is(struct span path, const char *prefix)
{
	size_t length = strlen(prefix);

	return path.length >= length && memcmp(path.at, prefix, length) == 0 &&
	       (path.length == length || path.at[length] == '/');
}

/* The scripted faults, in the order a server would meet them. */
static void decide(struct script *script, struct seen *seen, int64_t now_ns, struct reply *reply)
{
	const struct settings *settings = &script->settings;

	if (settings->status) {
		reply->status = (int)settings->status;
	} else if ((settings->concurrency_limit && script->ledger.in_flight > settings->concurrency_limit) ||
	           !token_take(script, now_ns)) {
		reply->status = 429;
		reply->at_once = true;
	} else if (chosen(script, seen, settings->permanent_percent, 'p')) {
		reply->status = (int)settings->permanent_status;
	} else if (!(seen->faults & FAULT_RESET) && chosen(script, seen, settings->reset_percent, 'r')) {
		seen->faults |= FAULT_RESET;
		reply->note = "reset";
		reply->status = 0;
	} else if (chosen(script, seen, settings->transient_percent, 't') &&
	           (!settings->transient_times || seen->failed < settings->transient_times)) {
		seen->failed++;
		reply->status = (int)settings->transient_status;
	} else if (!(seen->faults & FAULT_TRUNCATE) && chosen(script, seen, settings->truncate_percent, 'c')) {
		seen->faults |= FAULT_TRUNCATE;
		reply->note = "truncated";
	} else if (chosen(script, seen, settings->code_percent, 'b')) {
		reply->code = 1001;
	}
}

static struct answer answer_item(struct script *script, const struct message *message, int64_t nth,
                                 struct bytes *out)
{
	const struct settings *settings = &script->settings;
	struct reply reply = {.status = 200, .note = "-", .id = item_id(script, message)};
	struct seen *seen = ledger_seen(&script->ledger, reply.id);
	int64_t now_ns = monotonic_ns(), delay_ms = settings->latency_ms, routed;
	struct answer answer = {.counted = true, .close = !message->keep_alive};
	struct entry entry = {now_ns, message->method, message->path, reply.id, {"", 0}, 0, false, "-"};

	ledger_arrive(&script->ledger, now_ns);
	if (settings->keepalive_kill && nth == 2) {
		reply.note = "killed";
		reply.status = 0;
	} else if ((routed = route_number(message->path, "/status/")) >= 100 && routed < 1000) {
		reply.status = (int)routed;
	} else if ((routed = route_number(message->path, "/delay/")) >= 0) {
		delay_ms += routed;
	} else {
		decide(script, seen, now_ns, &reply);
		if (reply.status == 200 && route_is(message->path, "/redirect"))
			reply.status = 302;
	}
	reply.echo = route_is(message->path, "/echo");
	reply.head_only = span_is(message->method, "head");
	message_header(message, settings->key_header, &entry.key);
	entry.status = reply.status;
	entry.note = reply.note;
	entry.success = reply.status >= 200 && reply.status < 300 && !reply.code;
	ledger_answer(&script->ledger, seen, &entry);

	if (settings->close_every && nth % settings->close_every == 0)
		answer.close = true;
	if (!reply.status) {
		answer.drop = true;
		return answer;
	}
	if (settings->latency_jitter_ms)
		delay_ms += random_below(script, settings->latency_jitter_ms);
	answer.delay_ns = reply.at_once ? 0 : delay_ms * MILLISECOND_NS;
	reply.truncate = strcmp(reply.note, "truncated") == 0;
	answer.close |= reply.truncate;
	reply.close = answer.close;
	reply.tokens = script->tokens > 0 ? (int64_t)script->tokens : 0;
	reply_write(&reply, settings, message, out);
	return answer;
}

static bool control_apply(struct script *script, struct span query, struct bytes *fault)
{
	char *text = strndup(query.at, query.length), *rest = text, *pair;
	struct settings wanted = script->settings;
	bool ok = true;

	while (text && (pair = strsep(&rest, "&"))) {
		char *value = strchr(pair, '=');

		if (!value)
			value = pair + strlen(pair);
		else
			*value++ = '\0';
		if (!settings_set(&wanted, pair, value)) {
			bytes_format(fault, "{\"error\":\"bad setting\",\"name\":\"%.40s\"}\n", pair);
			ok = false;
		}
	}
	free(text);
	if (ok) {
		script->settings = wanted;
		script->tokens = (double)wanted.burst;
		script->tokens_at_ns = monotonic_ns();
	}
	return ok;
}

static struct answer answer_control(struct script *script, const struct message *message,
                                    struct bytes *out)
{
	struct answer answer = {.close = !message->keep_alive};
	bool post = span_is(message->method, "post");
	struct bytes body = {0};
	int status = 200;

	if (route_is(message->path, "/__stats")) {
		ledger_flush(&script->ledger);
		ledger_stats(&script->ledger, &body);
	} else if (post && route_is(message->path, "/__control")) {
		if (control_apply(script, message->query, &body))
			bytes_format(&body, "{}\n");
		else
			status = 400;
	} else if (post && route_is(message->path, "/__reset")) {
		ledger_reset(&script->ledger);
		bytes_format(&body, "{}\n");
	} else {
		status = 404;
		bytes_format(&body, "{\"error\":\"no such control page\"}\n");
	}
	reply_plain(status, answer.close, (struct span){body.data, body.length}, out);
	free(body.data);
	return answer;
}

struct answer script_answer(struct script *script, const struct message *message, int64_t nth,
                            struct bytes *out)
{
	struct span control = text_span("/__");

	if (message->path.length > control.length && memcmp(message->path.at, control.at, control.length) == 0)
		return answer_control(script, message, out);
	return answer_item(script, message, nth, out);
}
