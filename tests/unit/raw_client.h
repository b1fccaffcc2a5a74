/* A client that says to a server on 127.0.0.1 whatever a test wants it to. */
#ifndef SLUICE_TESTS_RAW_CLIENT_H
#define SLUICE_TESTS_RAW_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/buffer.h"

#define HANG_MS 60000 /* a hang, whatever the machine */

static int raw_port;

static inline int raw_connect(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)raw_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* As much as the server takes; it may have had enough before. */
static inline void raw_send(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		length -= (size_t)sent;
	}
}

static inline void raw_say(int fd, const char *text)
{
	raw_send(fd, text, strlen(text));
}

/* Read once; false: the server closed. */
static inline bool raw_receive(int fd, struct buffer *answer)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char bytes[65536];
	ssize_t got;

	if (poll(&poll_fd, 1, HANG_MS) != 1)
		fail_msg("the server neither answers nor closes: %s",
		         answer->data != NULL ? answer->data : "");
	got = recv(fd, bytes, sizeof(bytes), 0);
	if (got <= 0)
		return false;
	buffer_append(answer, bytes, (size_t)got);
	return true;
}

/* Everything until the server closes. */
static inline void raw_rest(int fd, struct buffer *answer)
{
	while (raw_receive(fd, answer))
		;
}

/* Until `text` has come. */
static inline void raw_until(int fd, struct buffer *answer, const char *text)
{
	while (answer->data == NULL || strstr(answer->data, text) == NULL) {
		if (!raw_receive(fd, answer))
			fail_msg("closed before '%s': %s", text,
			         answer->data != NULL ? answer->data : "");
	}
}

/* Say something on a new connection; the answer until the close. */
static inline void raw_talk_bytes(const void *bytes, size_t length, struct buffer *answer)
{
	int fd = raw_connect();

	raw_send(fd, bytes, length);
	raw_rest(fd, answer);
	close(fd);
}

static inline int raw_status(const struct buffer *answer)
{
	int http_status = 0;

	if (answer->data != NULL && sscanf(answer->data, "HTTP/1.%*c %d", &http_status) == 1)
		return http_status;
	return 0; /* no answer */
}

#endif
