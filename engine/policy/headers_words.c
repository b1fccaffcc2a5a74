#include "engine/policy/headers_words.h"

#include <string.h>

#include "engine/policy/headers.h"

#define DAY 86400

/* In the order of strcmp. */
static const struct word words[] = {
    {"after", AFTER, 0}, {"allowance", MAX, 0}, {"allowed", MAX, 0}, {"amz", AMAZON | GLUE, 0},
    {"amzn", AMAZON | GLUE, 0}, {"api", CALLS | GLUE, 0}, {"at", NOISE | AT | GLUE, 0},
    {"available", REMAINING, 0}, {"backoff", RETRY | AFTER, 0}, {"by", NOISE | GLUE, 0},
    {"bytes", OTHERS, 0}, {"call", CALLS, 0}, {"calls", CALLS, 0}, {"can", SHOULD | GLUE, 0},
    {"capacity", MAX, 0}, {"code", ERROR_CODE, 0}, {"complexity", OTHERS, 0},
    {"consumed", USED, 0}, {"cost", NO_COUNT, 0}, {"count", USED, 0}, {"credit", OTHERS, 0},
    {"credits", OTHERS, 0}, {"current", NOISE, 0}, {"daily", PERIOD, DAY}, {"date", NOISE, 0},
    {"day", PERIOD, DAY}, {"days", PERIOD, DAY}, {"delay", DELAY, 0}, {"delta", NOISE, 0},
    {"do", NOISE | GLUE, 0}, {"dont", NOT, 0}, {"duration", WINDOW, 0}, {"epoch", NOISE, 0},
    {"error", ERROR_CODE, 0}, {"errortype", ERROR_CODE, 0}, {"exceeded", LIMITED, 0},
    {"expire", RESET, 0}, {"expires", RESET, 0}, {"expiry", RESET, 0},
    {"fallback", NO_COUNT, 0}, {"fill", NO_COUNT, 0}, {"for", NOISE | GLUE, 0},
    {"hour", PERIOD, 3600}, {"hourly", PERIOD, 3600}, {"hours", PERIOD | UNIT, HEADER_UNIT_H},
    {"id", NO_COUNT | GLUE, 0}, {"in", NOISE | AFTER | GLUE, 0}, {"input", OTHERS, 0},
    {"interval", WINDOW, 0}, {"is", NOISE | SHOULD | GLUE, 0}, {"left", REMAINING, 0},
    {"limit", LIMIT, 0}, {"limited", LIMIT | LIMITED, 0}, {"limiter", LIMIT, 0},
    {"limiting", LIMIT, 0}, {"limits", LIMIT, 0}, {"max", MAX, 0}, {"maximum", MAX, 0},
    {"may", SHOULD | GLUE, 0}, {"microseconds", UNIT, HEADER_UNIT_US},
    {"millis", UNIT, HEADER_UNIT_MS}, {"millisecond", UNIT, HEADER_UNIT_MS},
    {"milliseconds", UNIT, HEADER_UNIT_MS}, {"min", PERIOD | GLUE, 60},
    {"mins", UNIT | GLUE, HEADER_UNIT_MIN}, {"minute", PERIOD, 60}, {"minutely", PERIOD, 60},
    {"minutes", PERIOD | UNIT, HEADER_UNIT_MIN}, {"month", PERIOD, 30 * DAY},
    {"monthly", PERIOD, 30 * DAY}, {"ms", UNIT | GLUE, HEADER_UNIT_MS},
    {"msec", UNIT, HEADER_UNIT_MS}, {"name", NO_COUNT, 0},
    {"nanoseconds", UNIT, HEADER_UNIT_NS}, {"near", NO_COUNT, 0}, {"next", RESET | GLUE, 0},
    {"no", NOT | GLUE, 0}, {"not", NOT | GLUE, 0}, {"ns", UNIT | GLUE, HEADER_UNIT_NS},
    {"observed", USED, 0}, {"of", NOISE | GLUE, 0}, {"on", NOISE | AT | GLUE, 0},
    {"output", OTHERS, 0}, {"overage", NO_COUNT, 0}, {"per", NOISE | GLUE, 0},
    {"percent", NO_COUNT, 0}, {"percentage", NO_COUNT, 0}, {"period", WINDOW, 0},
    {"points", OTHERS, 0}, {"policies", POLICY, 0}, {"policy", POLICY, 0},
    {"pushback", RETRY | AFTER, 0}, {"quota", FAMILY, 0}, {"quotas", FAMILY, 0},
    {"rate", RATE, 0}, {"ratelimit", RATE | LIMIT, 0},
    {"ratelimited", RATE | LIMIT | LIMITED, 0}, {"ratelimiting", RATE | LIMIT, 0},
    {"ratelimits", RATE | LIMIT, 0}, {"ratio", NO_COUNT, 0}, {"reason", NO_COUNT, 0},
    {"refresh", RESET, 0}, {"remain", REMAINING, 0}, {"remaining", REMAINING, 0},
    {"renew", RESET, 0}, {"renewal", RESET, 0}, {"renews", RESET, 0},
    {"replenish", NO_COUNT, 0}, {"req", CALLS, 0}, {"reqs", CALLS, 0}, {"request", CALLS, 0},
    {"requested", NO_COUNT, 0}, {"requests", CALLS, 0}, {"reset", RESET, 0},
    {"resets", RESET, 0}, {"retriable", RETRYABLE, 0}, {"retry", RETRY, 0},
    {"retryable", RETRYABLE, 0}, {"rl", FAMILY | GLUE, 0}, {"s", UNIT | GLUE, HEADER_UNIT_S},
    {"scope", NO_COUNT, 0}, {"sec", UNIT | GLUE, HEADER_UNIT_S}, {"second", PERIOD, 1},
    {"secondly", PERIOD, 1}, {"seconds", PERIOD | UNIT, HEADER_UNIT_S},
    {"secs", UNIT, HEADER_UNIT_S}, {"should", SHOULD, 0}, {"size", OTHERS, 0},
    {"spent", USED, 0}, {"state", STATUS, 0}, {"status", STATUS, 0}, {"the", NOISE | GLUE, 0},
    {"this", NOISE, 0}, {"throttle", FAMILY, 0}, {"throttled", FAMILY | LIMITED, 0},
    {"throttling", FAMILY, 0}, {"time", NOISE, 0}, {"timestamp", NOISE, 0},
    {"to", NOISE | GLUE, 0}, {"today", PERIOD, DAY}, {"token", OTHERS, 0},
    {"tokens", OTHERS, 0}, {"total", MAX, 0}, {"type", NO_COUNT, 0}, {"unix", NOISE, 0},
    {"until", NOISE | AFTER, 0}, {"us", UNIT | GLUE, HEADER_UNIT_US}, {"usage", USED, 0},
    {"used", USED, 0}, {"utc", NOISE | GLUE, 0}, {"utilization", NO_COUNT, 0},
    {"wait", WAIT, 0}, {"week", PERIOD, 7 * DAY}, {"weekly", PERIOD, 7 * DAY},
    {"window", WINDOW, 0}, {"x", NOISE | GLUE, 0},
};
#define WORDS ((int)(sizeof(words) / sizeof(words[0])))

const struct word *header_word_find(const char *at, size_t length)
{
	int low = 0, high = WORDS - 1;

	while (low <= high) {
		int middle = (low + high) / 2;
		int order = strncmp(at, words[middle].text, length);

		if (order == 0)
			order = -(words[middle].text[length] != '\0');
		if (order == 0)
			return &words[middle];
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}
