/* The yardstick: a bare libcurl multi loop, one thread, that keeps nothing.
 *
 *   bare_multi URL-PREFIX COUNT CONCURRENCY [BODY]
 *
 * requests URL-PREFIX1 … URL-PREFIXCOUNT (GET; POST of BODY where one is given)
 * with CONCURRENCY in flight, over kept-alive connections and reused handles,
 * and prints requests per second.  Only what changes is set per request. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

struct run {
	CURLM *multi;
	const char *prefix;
	long started, count, good, bad;
};

static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count;
}

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start_next(struct run *run, CURL *easy)
{
	char url[2048];
	snprintf(url, sizeof url, "%s%ld", run->prefix, ++run->started);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_multi_add_handle(run->multi, easy);
}

static CURL *easy_make(const char *body, struct curl_slist *headers)
{
	CURL *easy = curl_easy_init();
	if (!easy)
		exit(1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	if (body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	}
	return easy;
}

static void collect(struct run *run)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(run->multi, &left))) {
		CURL *easy = message->easy_handle;
		long status = 0;
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (message->data.result == CURLE_OK && status == 200)
			run->good++;
		else
			run->bad++;
		curl_multi_remove_handle(run->multi, easy);
		if (run->started < run->count)
			start_next(run, easy);
		else
			curl_easy_cleanup(easy);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4 || atol(argv[2]) < 1 || atol(argv[3]) < 1) {
		fprintf(stderr, "usage: bare_multi URL-PREFIX COUNT CONCURRENCY [BODY]\n");
		return 2;
	}
	long concurrency = atol(argv[3]);
	struct run run = {.prefix = argv[1], .count = atol(argv[2])};
	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	run.multi = curl_multi_init();
	curl_multi_setopt(run.multi, CURLMOPT_MAXCONNECTS, concurrency);

	double start = now_s();
	for (long i = 0; i < concurrency && run.started < run.count; i++)
		start_next(&run, easy_make(argc > 4 ? argv[4] : NULL, headers));
	while (run.good + run.bad < run.count) {
		int running;
		curl_multi_perform(run.multi, &running);
		collect(&run);
		curl_multi_perform(run.multi, &running);
		collect(&run);
		curl_multi_poll(run.multi, NULL, 0, 1000, NULL);
	}
	double seconds = now_s() - start;

	printf("%.0f requests/s  %ld good  %ld bad  %.3f s\n", (double)run.count / seconds, run.good,
	       run.bad, seconds);
	curl_multi_cleanup(run.multi);
	curl_slist_free_all(headers);
	curl_global_cleanup();
	return run.bad > 0;
}
