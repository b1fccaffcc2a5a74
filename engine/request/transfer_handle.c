#include "engine/request/transfer_handle.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Seconds a connection may have been idle to be used for a request that must
 * not be sent twice (libcurl counts whole ones, so below 2 s).  Servers close
 * idle connections after 2 s (gunicorn), 5 s (Node, Apache), 60 s and more; a
 * request that crosses such a close on the wire ends as `unknown`, and a new
 * connection costs little at a rate that leaves one idle this long. */
#define UNREPEATABLE_IDLE_S_MAX 1L
#define REPEATABLE_IDLE_S_MAX 118L /* libcurl's default */

/* Header lines of our own, where the request has none of that name.  As list
 * nodes rather than through CURLOPT_USERAGENT and libcurl's own Accept-Encoding,
 * which format each of them twice per request, byte by byte (7 % of all [M]). */
static char accept_encoding[64]; /* what this libcurl can decode */
static char user_agent[] = "User-Agent: sluice/" SLUICE_VERSION;
static char no_expect[] = "Expect:"; /* do not wait for 100 Continue before a large body */
static char no_content_type[] = "Content-Type:"; /* nothing to be typed */

/* "" keeps libcurl from reading five environment variables for each request. */
static const char *proxy_default = "";

/* libcurl keeps the loaded CA certificates for its next connections only where
 * no CA directory is set; Debian sets one by default, next to a bundle that
 * holds the same, and each connection then reads 200 certificates ([M] 27 ms). */
static bool ca_bundle_enough;
static const char *ca_bundle; /* libcurl's default, NULL: none */

void handle_global_init(void)
{
	static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
	                                      "all_proxy", "ALL_PROXY"};
	for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
		const char *value = getenv(proxies[i]);
		if (value && *value)
			proxy_default = NULL;
	}
	const curl_version_info_data *libcurl = curl_version_info(CURLVERSION_NOW);
	ca_bundle = libcurl->cainfo;
	ca_bundle_enough = ca_bundle && access(ca_bundle, R_OK) == 0;
	int features = libcurl->features;
	snprintf(accept_encoding, sizeof accept_encoding, "Accept-Encoding: %s%s%s",
	         features & CURL_VERSION_BROTLI ? "br, " : "",
	         features & CURL_VERSION_ZSTD ? "zstd, " : "",
	         features & CURL_VERSION_LIBZ ? "gzip, deflate" : "identity");
}

/* Remember the first failure; out of memory is what it can be. */
#define SET(handle, option, value)                                                     \
	do {                                                                           \
		CURLcode code_ = curl_easy_setopt((handle)->easy, option, value);      \
		if (code_ != CURLE_OK && (handle)->setup == CURLE_OK)                  \
			(handle)->setup = code_;                                       \
	} while (0)

/* Options that stay for the handle's life. */
static void set_constants(struct handle *handle, CURLSH *share)
{
	SET(handle, CURLOPT_PRIVATE, handle);
	SET(handle, CURLOPT_NOSIGNAL, 1L);
	SET(handle, CURLOPT_ERRORBUFFER, handle->error);
	SET(handle, CURLOPT_SHARE, share);
	SET(handle, CURLOPT_ACCEPT_ENCODING, ""); /* decode; the header is ours */
	SET(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(handle, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	SET(handle, CURLOPT_PATH_AS_IS, 1L);
	SET(handle, CURLOPT_TCP_NODELAY, 1L);
	SET(handle, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* A resolver that hangs must not hang the thread when a request times out. */
	SET(handle, CURLOPT_QUICK_EXIT, 1L);
	SET(handle, CURLOPT_PROXY, proxy_default);
	if (ca_bundle_enough)
		SET(handle, CURLOPT_CAPATH, NULL);
	SET(handle, CURLOPT_KEYPASSWD, ""); /* else OpenSSL asks at the terminal */
	SET(handle, CURLOPT_HEADERFUNCTION, handle_on_header);
	SET(handle, CURLOPT_HEADERDATA, handle);
	SET(handle, CURLOPT_WRITEFUNCTION, handle_on_body);
	SET(handle, CURLOPT_WRITEDATA, handle);
	SET(handle, CURLOPT_PREREQFUNCTION, handle_on_prereq);
	SET(handle, CURLOPT_PREREQDATA, handle);
	SET(handle, CURLOPT_OPENSOCKETFUNCTION, handle_on_socket);
	SET(handle, CURLOPT_OPENSOCKETDATA, handle);
	SET(handle, CURLOPT_CLOSESOCKETFUNCTION, events_socket_close);
	SET(handle, CURLOPT_CLOSESOCKETDATA, handle->events); /* a connection outlives the handle */
}

struct handle *handle_new(CURLSH *share, struct events *events)
{
	struct handle *handle = calloc(1, sizeof *handle);
	if (!handle)
		return NULL;
	handle->events = events;
	handle->easy = curl_easy_init();
	if (handle->easy)
		set_constants(handle, share);
	if (!handle->easy || handle->setup != CURLE_OK) {
		handle_free(handle);
		return NULL;
	}
	return handle;
}

void handle_free(struct handle *handle)
{
	if (!handle)
		return;
	curl_easy_cleanup(handle->easy);
	free(handle->method);
	if (handle->proxy)
		explicit_bzero(handle->proxy, strlen(handle->proxy)); /* may hold a password */
	free(handle->proxy);
	free(handle->cacert);
	free(handle->cert);
	free(handle->key_file);
	free(handle->nodes);
	free(handle);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Bring *held, and with it a string option, to `wanted`. */
static void set_text(struct handle *handle, CURLoption option, char **held, const char *wanted,
                     const char *fallback)
{
	if (same_text(*held, wanted))
		return;
	if (*held)
		explicit_bzero(*held, strlen(*held));
	free(*held);
	*held = wanted ? strdup(wanted) : NULL;
	if (wanted && !*held)
		handle->setup = CURLE_OUT_OF_MEMORY;
	SET(handle, option, wanted ? wanted : fallback);
}

static long to_long(int64_t value)
{
	return value > LONG_MAX ? LONG_MAX : (long)value;
}

/* What the plan says for all its items. */
static void set_plan(struct handle *handle, const struct plan *plan)
{
	const struct spec *spec = plan_spec(plan);
	if (handle->timeout_ms != spec->request.timeout_ms) {
		handle->timeout_ms = spec->request.timeout_ms;
		SET(handle, CURLOPT_TIMEOUT_MS, to_long(handle->timeout_ms));
	}
	if (handle->connect_timeout_ms != spec->request.connect_timeout_ms) {
		handle->connect_timeout_ms = spec->request.connect_timeout_ms;
		SET(handle, CURLOPT_CONNECTTIMEOUT_MS, to_long(handle->connect_timeout_ms));
	}
	if (handle->follow_redirects != spec->request.follow_redirects) {
		handle->follow_redirects = spec->request.follow_redirects;
		SET(handle, CURLOPT_FOLLOWLOCATION, handle->follow_redirects ? 1L : 0L);
	}
	set_text(handle, CURLOPT_PROXY, &handle->proxy, spec->request.proxy, proxy_default);
	set_text(handle, CURLOPT_CAINFO, &handle->cacert, spec->request.cacert, ca_bundle);
	set_text(handle, CURLOPT_SSLCERT, &handle->cert, spec->request.cert, NULL);
	set_text(handle, CURLOPT_SSLKEY, &handle->key_file, spec->request.key_file, NULL);
}

/* A POST, PUT or PATCH without a body says Content-Length: 0. */
static enum method_kind kind_of(const struct rendered *request)
{
	const char *method = request->method;
	if (strcmp(method, "HEAD") == 0)
		return KIND_HEAD;
	if (request->has_body || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	    strcmp(method, "PATCH") == 0)
		return KIND_POST;
	return KIND_GET;
}

/* The method that libcurl uses for a kind by itself. */
static const char *const kind_method[] = {"", "GET", "HEAD", "POST"};

static void set_method(struct handle *handle, const struct rendered *request)
{
	enum method_kind kind = kind_of(request);
	const char *custom = NULL;
	if (strcmp(request->method, kind_method[kind]) != 0)
		custom = request->method;
	if (handle->kind != kind) {
		if (kind == KIND_GET)
			SET(handle, CURLOPT_HTTPGET, 1L);
		else if (kind == KIND_HEAD)
			SET(handle, CURLOPT_NOBODY, 1L);
		else
			SET(handle, CURLOPT_POST, 1L);
		handle->kind = kind;
	}
	if (!same_text(handle->method, custom)) {
		set_text(handle, CURLOPT_CUSTOMREQUEST, &handle->method, custom, NULL);
		/* Only POST becomes GET by 301 and 302 (Fetch standard, HTTP-redirect fetch). */
		SET(handle, CURLOPT_POSTREDIR, custom ? CURL_REDIR_POST_301 | CURL_REDIR_POST_302 : 0L);
	}
	if (kind == KIND_POST) {
		bool body = request->has_body && request->body.length > 0;
		SET(handle, CURLOPT_POSTFIELDSIZE_LARGE,
		    body ? (curl_off_t)request->body.length : (curl_off_t)0);
		SET(handle, CURLOPT_POSTFIELDS, body ? request->body.data : "");
	}
}

static bool line_named(const char *line, size_t name_length, const char *name)
{
	return strlen(name) == name_length && strncasecmp(line, name, name_length) == 0;
}

/* Headers that would be there anyway: "Name:" removes them. */
static bool there_anyway(const char *line, size_t name_length)
{
	static const char *const names[] = {"Accept", "Accept-Encoding", "User-Agent",
	                                    "Content-Type", "Expect"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (line_named(line, name_length, names[i]))
			return true;
	return false;
}

/* libcurl takes "Name:" for "leave it out" and "Name;" for an empty value. */
static void mark_empty(char *line, size_t name_length)
{
	char *value = line + name_length + 1;
	if (value[strspn(value, " \t")] != '\0' || there_anyway(line, name_length))
		return;
	line[name_length] = ';';
	value[0] = '\0';
}

static bool nodes_reserve(struct handle *handle, int count)
{
	if (count <= handle->node_capacity)
		return true;
	struct curl_slist *nodes = realloc(handle->nodes, (size_t)count * sizeof *nodes);
	if (!nodes)
		return false;
	handle->nodes = nodes;
	handle->node_capacity = count;
	return true;
}

/* The rendered lines as list nodes; which of our own names are among them. */
struct given {
	int count;
	bool expect, content_type, user_agent, accept_encoding;
};

static struct given lay_given(struct handle *handle, struct rendered *request)
{
	struct given given = {0};
	char *line = request->headers.data, *end = line + request->headers.length;
	for (int i = 0; i < request->header_count; i++) {
		assert(line < end);
		size_t name_length = strcspn(line, ":");
		char *next = line + strlen(line) + 1;
		if (line[name_length] == ':' && !line_named(line, name_length, "Content-Length")) {
			given.expect |= line_named(line, name_length, "Expect");
			given.content_type |= line_named(line, name_length, "Content-Type");
			given.user_agent |= line_named(line, name_length, "User-Agent");
			given.accept_encoding |= line_named(line, name_length, "Accept-Encoding");
			mark_empty(line, name_length);
			handle->nodes[given.count++].data = line;
		}
		line = next;
	}
	return given;
}

/* Lay a curl_slist over the rendered lines: libcurl only reads it, so nothing
 * is copied. */
static void set_headers(struct handle *handle, struct rendered *request)
{
	if (!nodes_reserve(handle, request->header_count + 4)) {
		handle->setup = CURLE_OUT_OF_MEMORY;
		return;
	}
	struct given given = lay_given(handle, request);
	struct curl_slist *nodes = handle->nodes;
	int count = given.count;
	if (!given.user_agent)
		nodes[count++].data = user_agent;
	if (!given.accept_encoding)
		nodes[count++].data = accept_encoding;
	if (handle->kind == KIND_POST && !given.expect)
		nodes[count++].data = no_expect;
	if (handle->kind == KIND_POST && !request->has_body && !given.content_type)
		nodes[count++].data = no_content_type;
	for (int i = 0; i < count; i++)
		nodes[i].next = i + 1 < count ? &nodes[i + 1] : NULL;
	struct curl_slist *list = count ? nodes : NULL;
	if (handle->header_list != list) {
		handle->header_list = list;
		SET(handle, CURLOPT_HTTPHEADER, list);
	}
}

/* A request that may not be repeated keeps away from what makes a server drop
 * one unseen.  Over HTTP/2 that is the end of a connection: streams under way
 * when a server says GOAWAY (nginx does after 1,000) were refused, but libcurl
 * cannot tell us, it sends them again. [M] 4 % of POSTs ended unknown against
 * an nginx that did so after 50; over HTTP/1.1, none. */
static void set_care(struct handle *handle, bool may_repeat)
{
	if (handle->care_is_set && handle->may_repeat == may_repeat)
		return;
	handle->care_is_set = true;
	handle->may_repeat = may_repeat;
	SET(handle, CURLOPT_HTTP_VERSION,
	    may_repeat ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	SET(handle, CURLOPT_MAXAGE_CONN,
	    may_repeat ? REPEATABLE_IDLE_S_MAX : UNREPEATABLE_IDLE_S_MAX);
}

/* An https server may turn out to speak HTTP/2: then one connection a thread
 * serves all, rather than one for each request that came before that was
 * known.  Never for http: there libcurl would hold everything back until the
 * first answer, however slow, showed what the server speaks. */
static void set_waiting(struct handle *handle, const char *url)
{
	bool wanted = strncasecmp(url, "https:", 6) == 0;
	if (handle->wait_for_multiplex == wanted)
		return;
	handle->wait_for_multiplex = wanted;
	SET(handle, CURLOPT_PIPEWAIT, wanted ? 1L : 0L);
}

CURLcode handle_begin(struct handle *handle, struct exchange *exchange)
{
	assert(!handle->exchange);
	handle->exchange = exchange;
	exchange->handle = handle;
	exchange->prereq_calls = 0;
	handle->answered = false;
	handle->headers_ended = true;
	handle->body_abandoned = false;
	handle->socket_errno = 0;
	handle->error[0] = '\0';
	handle->setup = CURLE_OK;

	set_plan(handle, exchange->plan);
	set_method(handle, &exchange->request);
	set_headers(handle, &exchange->request);
	const char *url = exchange->request.url.data ? exchange->request.url.data : "";
	SET(handle, CURLOPT_URL, url);
	set_waiting(handle, url);
	set_care(handle, exchange->may_repeat);
	return handle->setup;
}
