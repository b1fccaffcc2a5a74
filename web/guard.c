#include "web/guard.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "engine/base/clock.h"

#define TOKEN_BYTES 128 /* compared at full width, so that a length does not show in time */

static const struct refusal let_in = {0, NULL};

/* ---- framing --------------------------------------------------------------- */

static bool token_byte(unsigned char byte)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')
	       || (byte >= 'a' && byte <= 'z') || (byte != '\0' && strchr(marks, byte) != NULL);
}

static bool name_sound(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!token_byte((unsigned char)name[i]))
			return false;
	}
	return length > 0;
}

static bool value_sound(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)value[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static void fault_set(struct guard_facts *facts, const char *fault)
{
	if (facts->fault == NULL)
		facts->fault = fault;
}

void guard_add(struct guard_facts *facts, const char *name, size_t name_length, const char *value,
               size_t value_length)
{
	const struct {
		const char *name;
		const char **value;
		const char *twice; /* NULL: the first one counts */
	} wanted[] = {
		{"host", &facts->host, "two Host headers"},
		{"origin", &facts->origin, "two Origin headers"},
		{"authorization", &facts->authorization, "two Authorization headers"},
		{"content-length", &facts->content_length, "two Content-Length headers"},
		{"transfer-encoding", &facts->transfer_encoding, "two Transfer-Encoding headers"},
		{"sec-fetch-site", &facts->fetch_site, "two Sec-Fetch-Site headers"},
		{"sec-fetch-mode", &facts->fetch_mode, NULL},
		{"sec-fetch-dest", &facts->fetch_dest, NULL},
		{"expect", &facts->expect, NULL},
		{"x-sluice-client", &facts->client, NULL},
	};

	if (!name_sound(name, name_length)) {
		fault_set(facts, "a header's name holds what it may not");
		return;
	}
	if (!value_sound(value, value_length)) {
		fault_set(facts, "a header's value holds a control character");
		return;
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strcasecmp(name, wanted[i].name) != 0)
			continue;
		if (*wanted[i].value == NULL)
			*wanted[i].value = value;
		else if (wanted[i].twice != NULL)
			fault_set(facts, wanted[i].twice);
	}
}

/* 1*DIGIT, below 2^63. */
static bool length_parse(const char *text, uint64_t *length)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		uint64_t digit = (uint64_t)(unsigned char)*text - '0';

		if (digit > 9 || value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*length = value;
	return true;
}

struct refusal guard_framing(struct guard_facts *facts)
{
	if (facts->fault != NULL)
		return (struct refusal){400, facts->fault};
	if (facts->transfer_encoding != NULL && facts->content_length != NULL)
		return (struct refusal){400, "both Transfer-Encoding and Content-Length"};
	if (facts->transfer_encoding != NULL) {
		if (strcasecmp(facts->transfer_encoding, "chunked") != 0)
			return (struct refusal){501, "Transfer-Encoding: chunked alone is understood"};
		facts->has_body = true;
	}
	if (facts->content_length != NULL) {
		if (!length_parse(facts->content_length, &facts->body_length))
			return (struct refusal){400, "Content-Length is not a number"};
		facts->has_body = facts->body_length > 0;
		facts->length_known = true;
	}
	return let_in;
}

/* ---- where from -------------------------------------------------------------- */

enum guard_zone guard_zone(const char *path)
{
	static const char *const open[] = {"/healthz", "/readyz", "/api/v1/healthz",
	                                   "/api/v1/readyz"};

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (strcmp(path, open[i]) == 0)
			return ZONE_OPEN;
	}
	if (strcmp(path, "/metrics") == 0 || strcmp(path, "/api") == 0
	    || strncmp(path, "/api/", strlen("/api/")) == 0)
		return ZONE_TOKEN;
	return ZONE_PAGE;
}

/* Is this name one that nobody can make resolve elsewhere? */
static bool host_name_fixed(const char *name, size_t length)
{
	char text[INET6_ADDRSTRLEN + 2];
	struct in6_addr address;

	if (length >= sizeof(text))
		return false;
	memcpy(text, name, length);
	text[length] = '\0';
	if (text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		return inet_pton(AF_INET6, text + 1, &address) == 1;
	}
	return strcasecmp(text, "localhost") == 0 || inet_pton(AF_INET, text, &address) == 1;
}

struct refusal guard_host(const struct guard_facts *facts, int port)
{
	static const struct refusal not_ours = {
		403, "Host must be localhost or an IP address, with the port we listen on"};
	const char *host = facts->host, *colon;
	uint64_t given = 80;
	size_t length;

	if (host == NULL || *host == '\0')
		return (struct refusal){400, "no Host header"};
	colon = strrchr(host, ':');
	if (colon != NULL && colon > host && strchr(colon, ']') == NULL) {
		length = (size_t)(colon - host);
		if (!length_parse(colon + 1, &given))
			return not_ours;
	} else {
		length = strlen(host);
	}
	if (given != (uint64_t)port || !host_name_fixed(host, length))
		return not_ours;
	return let_in;
}

static bool text_is(const char *text, const char *wanted)
{
	return text != NULL && strcmp(text, wanted) == 0;
}

struct refusal guard_origin(const struct guard_facts *facts, enum guard_zone zone)
{
	static const char scheme[] = "http://";
	bool follows_link = zone == ZONE_PAGE && text_is(facts->fetch_mode, "navigate")
	                    && text_is(facts->fetch_dest, "document");

	if (facts->fetch_site != NULL && !text_is(facts->fetch_site, "same-origin")
	    && !text_is(facts->fetch_site, "none") && !follows_link)
		return (struct refusal){403, "asked for by another site's page"};
	if (facts->origin != NULL
	    && (strncasecmp(facts->origin, scheme, strlen(scheme)) != 0 || facts->host == NULL
	        || strcasecmp(facts->origin + strlen(scheme), facts->host) != 0))
		return (struct refusal){403, "asked for by another origin's page"};
	return let_in;
}

/* ---- token -------------------------------------------------------------------- */

static bool token_equals(const char *given, const char *token)
{
	char padded[2][TOKEN_BYTES] = {{0}};
	size_t given_length = strlen(given), token_length = strlen(token);

	if (given_length >= TOKEN_BYTES || token_length >= TOKEN_BYTES || token_length == 0)
		return false;
	memcpy(padded[0], given, given_length);
	memcpy(padded[1], token, token_length);
	return CRYPTO_memcmp(padded[0], padded[1], TOKEN_BYTES) == 0;
}

static bool logins_exceeded(struct guard_logins *logins, int64_t now_ns)
{
	if (logins->failures == 0 || now_ns - logins->window_began_ns >= LOGIN_WINDOW_S * NS_PER_S) {
		logins->window_began_ns = now_ns;
		logins->failures = 0;
	}
	if (logins->failures >= LOGIN_FAILURES_MAX)
		return true;
	logins->failures++;
	return false;
}

struct refusal guard_token(const struct guard_facts *facts, const char *token,
                           struct guard_logins *logins, int64_t now_mono_ns)
{
	static const char scheme[] = "Bearer ";
	const char *given = facts->authorization;

	if (given == NULL)
		return (struct refusal){401, "no token: Authorization: Bearer … is asked for"};
	if (strncasecmp(given, scheme, strlen(scheme)) == 0) {
		given += strlen(scheme);
		given += strspn(given, " ");
		if (token_equals(given, token))
			return let_in;
	}
	if (logins_exceeded(logins, now_mono_ns))
		return (struct refusal){429, "too many wrong tokens: wait a little"};
	return (struct refusal){401, "the token is not the right one"};
}

const char *guard_who(const struct guard_facts *facts)
{
	if (text_is(facts->client, "page"))
		return "page";
	if (text_is(facts->client, "cli"))
		return "cli";
	return "api";
}
