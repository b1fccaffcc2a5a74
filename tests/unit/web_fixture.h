/* A server with a fake engine and one page file, and how to ask it. */
#ifndef SLUICE_TESTS_WEB_FIXTURE_H
#define SLUICE_TESTS_WEB_FIXTURE_H

#include "tests/unit/fake_engine.h"
#include "tests/unit/raw_client.h"
#include "web/page.h"
#include "web/patience.h"
#include "web/server.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define TOKEN "0123456789abcdef&/"

const struct page_file page_files[] = {
	{"/index.html", "text/html; charset=utf-8", "\"abc\"", "\"abc-gzip\"",
	 (const unsigned char *)"<plain>", (const unsigned char *)"<gzip>", 7, 6},
};
const int page_file_count = 1;
const char page_version[] = "v1";

static struct server *server;
static const struct patience_limits *patience_of_test; /* NULL: the usual */

static inline int setup(void **state)
{
	struct server_options options = {
		.listen = "127.0.0.1:0", .token = TOKEN, .patience = patience_of_test};
	struct error error;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.jobs = 2;
	if (server_start(&options, &server, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	raw_port = atoi(strrchr(server_address(server), ':') + 1);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	server_stop(server);
	return 0;
}

/* A sound request with `extra` header lines in it, to be the connection's last. */
static inline void request_make(struct buffer *out, const char *line, const char *extra,
                         const char *body)
{
	buffer_printf(out,
	              "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer " TOKEN
	              "\r\nConnection: close\r\n%s\r\n%s",
	              line, raw_port, extra, body);
}

static inline int ask(const char *line, const char *extra, const char *body, struct buffer *answer)
{
	struct buffer request = {0};

	buffer_free(answer);
	request_make(&request, line, extra, body);
	raw_talk_bytes(request.data, request.length, answer);
	buffer_free(&request);
	return raw_status(answer);
}

static inline int ask_quietly(const char *line, const char *extra, const char *body)
{
	struct buffer answer = {0};
	int http_status = ask(line, extra, body, &answer);

	buffer_free(&answer);
	return http_status;
}

#endif
