/* The canonical text: fixed order, defaults filled in, no blanks; the same
 * meaning gives the same text, and spec_parse makes the same spec of it. */
#include <string.h>

#include "engine/request/spec_internal.h"

/* ,"name": with the comma where one is due. */
static void put_name(struct buffer *out, const char *name)
{
	char last = out->length > 0 ? out->data[out->length - 1] : '{';

	if (last != '{' && last != '[')
		buffer_char(out, ',');
	buffer_json_text(out, name);
	buffer_char(out, ':');
}

static void put_text(struct buffer *out, const char *name, const char *text)
{
	if (!text)
		return;
	put_name(out, name);
	buffer_json_text(out, text);
}

static void put_int(struct buffer *out, const char *name, int64_t value)
{
	put_name(out, name);
	buffer_int64(out, value);
}

static void put_flag(struct buffer *out, const char *name, bool value)
{
	put_name(out, name);
	buffer_text(out, value ? "true" : "false");
}

/* Milliseconds as seconds: 30, 0.5. */
static void put_seconds(struct buffer *out, const char *name, int64_t ms)
{
	put_name(out, name);
	buffer_int64(out, ms / 1000);
	if (ms % 1000 == 0)
		return;
	buffer_printf(out, ".%03d", (int)(ms % 1000));
	while (out->length > 0 && out->data[out->length - 1] == '0')
		out->data[--out->length] = '\0';
}

static void put_map(struct buffer *out, const char *name, const struct name_value *list, int count)
{
	if (count == 0)
		return;
	put_name(out, name);
	buffer_char(out, '{');
	for (int i = 0; i < count; i++)
		put_text(out, list[i].name, list[i].value);
	buffer_char(out, '}');
}

static void open_object(struct buffer *out, const char *name)
{
	put_name(out, name);
	buffer_char(out, '{');
}

static void put_request(struct buffer *out, const struct spec *spec)
{
	open_object(out, "request");
	put_text(out, "method", spec->request.method);
	put_text(out, "url", spec->request.url);
	put_map(out, "query", spec->request.query, spec->request.query_count);
	put_map(out, "headers", spec->request.headers, spec->request.header_count);
	if (spec->request.body_kind == BODY_JSON) {
		put_name(out, "json");
		buffer_append(out, spec->request.body, spec->request.body_length);
	} else if (spec->request.body_kind == BODY_TEXT) {
		put_text(out, "body", spec->request.body);
	} else if (spec->request.body_kind == BODY_FORM) {
		open_object(out, "form");
		for (int i = 0; i < spec->request.form_count; i++)
			put_text(out, spec->request.form[i].name, spec->request.form[i].value);
		buffer_char(out, '}');
	}
	put_seconds(out, "timeout_s", spec->request.timeout_ms);
	put_seconds(out, "connect_timeout_s", spec->request.connect_timeout_ms);
	put_flag(out, "follow_redirects", spec->request.follow_redirects);
	put_text(out, "proxy", spec->request.proxy);
	put_text(out, "cacert", spec->request.cacert);
	put_text(out, "cert", spec->request.cert);
	put_text(out, "key_file", spec->request.key_file);
	buffer_char(out, '}');
}

static void put_rules(struct buffer *out, const struct spec *spec)
{
	if (spec->rule_count == 0)
		return;
	put_name(out, "rules");
	buffer_char(out, '[');
	for (int i = 0; i < spec->rule_count; i++) {
		const struct spec_rule *rule = &spec->rules[i];

		buffer_text(out, i > 0 ? ",{" : "{");
		put_text(out, "if", rule->text);
		put_text(out, "then", decision_name(rule->then));
		put_text(out, "code", rule->code);
		put_text(out, "message", rule->message);
		buffer_char(out, '}');
	}
	buffer_char(out, ']');
}

/* "1.50 / s" and "1.5/s" are the same. */
static void put_rate(struct buffer *out, const struct spec *spec)
{
	int64_t unit_ns = spec->rate.per_ns, whole = spec->rate.count, scale = 1;
	char unit = 's';

	if (spec->rate.count == 0)
		return;
	if (unit_ns % 3600000000000LL == 0) {
		unit = 'h';
		scale = unit_ns / 3600000000000LL;
	} else if (unit_ns % 60000000000LL == 0) {
		unit = 'm';
		scale = unit_ns / 60000000000LL;
	} else {
		scale = unit_ns / 1000000000LL;
	}
	put_name(out, "rate");
	buffer_printf(out, "\"%lld", (long long)(whole / scale));
	if (whole % scale != 0) {
		int decimals = scale == 10 ? 1 : scale == 100 ? 2 : 3;

		buffer_printf(out, ".%0*lld", decimals, (long long)(whole % scale));
	}
	buffer_printf(out, "/%c\"", unit);
}

static void put_headers(struct buffer *out, const struct spec *spec)
{
	struct buffer text = {0};

	spec_print_headers(spec, &text);
	if (text.length > 0) {
		put_name(out, "headers");
		buffer_append(out, text.data, text.length);
	}
	out->failed |= text.failed;
	buffer_free(&text);
}

static void put_halt(struct buffer *out, const struct spec *spec)
{
	if (spec->halt.failed > 0 || spec->halt.failed_percent > 0) {
		open_object(out, "halt");
		if (spec->halt.failed > 0)
			put_int(out, "failed", spec->halt.failed);
		if (spec->halt.failed_percent > 0) {
			put_name(out, "failed_percent");
			buffer_printf(out, "%.6g", spec->halt.failed_percent);
			put_int(out, "min_items", spec->halt.items_min);
		}
		buffer_char(out, '}');
	}
	if (spec->canary > 0)
		put_int(out, "canary", spec->canary);
}

static void put_policy(struct buffer *out, const struct spec *spec)
{
	static const char *const bodies[] = {
	    [STORE_BODY_ALL] = "all", [STORE_BODY_FAILED] = "failed", [STORE_BODY_NONE] = "none"};

	open_object(out, "store");
	put_text(out, "body", bodies[spec->store_body]);
	put_int(out, "body_bytes_max", spec->body_bytes_max);
	buffer_char(out, '}');
	open_object(out, "limits");
	put_int(out, "concurrency", spec->concurrency);
	put_rate(out, spec);
	put_int(out, "burst", spec->burst);
	put_flag(out, "adapt", spec->adapt);
	put_text(out, "share", spec->share);
	buffer_char(out, '}');
	open_object(out, "retry");
	put_int(out, "max", spec->retry.retries_max);
	put_seconds(out, "delay_s", spec->retry.delay_ms);
	put_seconds(out, "delay_max_s", spec->retry.delay_ms_max);
	put_seconds(out, "time_max_s", spec->retry.time_ms_max);
	buffer_char(out, '}');
	put_headers(out, spec);
	put_halt(out, spec);
}

enum status spec_print(struct spec *spec, struct error *error)
{
	struct buffer out = {0};

	buffer_char(&out, '{');
	put_text(&out, "name", spec->name);
	put_text(&out, "key", spec->key);
	put_request(&out, spec);
	if (spec->idempotency_header) {
		open_object(&out, "idempotency");
		put_text(&out, "header", spec->idempotency_header);
		put_seconds(&out, "max_age_s", spec->key_age_ms_max);
		buffer_char(&out, '}');
	}
	if (spec->verify_url) {
		open_object(&out, "verify");
		put_text(&out, "url", spec->verify_url);
		put_text(&out, "done_if", spec->verify_done_if);
		buffer_char(&out, '}');
	}
	put_text(&out, "ok_if", spec->ok_if_text);
	put_rules(&out, spec);
	put_map(&out, "extract", spec->extract, spec->extract_count);
	put_policy(&out, spec);
	buffer_char(&out, '}');
	spec->canonical_length = out.length;
	spec->canonical = buffer_take(&out);
	return spec->canonical ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}
