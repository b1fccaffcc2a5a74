/* What is pasted into a shell sends what sluice sends. */
#include "tests/unit/plan_stage.h"

#include <unistd.h>

#define ITEM "{\"id\":7}"
#define SECRET_FILE "sluice test's $file"

static void curl_of(const char *job, const char *item, struct buffer *out)
{
	struct secret_set *secrets = secret_set_new();
	struct plan *plan = make(job, secrets);
	struct error error;

	if (plan_curl(plan, 1, NULL, 0, (struct json_span){item, strlen(item)}, out, &error) !=
	    STATUS_OK)
		fail_msg("%s: %s", job, error.text);
	plan_free(plan);
	secret_set_free(secrets);
}

static void test_text(void **state)
{
	static const struct {
		const char *request, *command;
	} cases[] = {
	    {"\"url\":\"https://h/{{id}}\",\"timeout_s\":1.5,\"follow_redirects\":true,\"method\":\"PUT\","
	     "\"body\":\"@it's ${env:SLUICE_TEST_TOKEN}\",\"headers\":{"
	     "\"Authorization\":\"Bearer ${env:SLUICE_TEST_TOKEN}\",\"Accept\":\"\",\"X-E\":\"\","
	     "\"X-F\":\"a:\"}",
	     "curl --globoff --path-as-is -X 'PUT' \\\n"
	     "  -H 'Accept:' \\\n"
	     "  -H 'Authorization: Bearer '\"$SLUICE_TEST_TOKEN\"'' \\\n"
	     "  -H 'X-E;' \\\n"
	     "  -H 'X-F: a:' \\\n"
	     "  -H 'User-Agent: sluice/" SLUICE_VERSION "' \\\n"
	     "  -H 'Content-Type: text/plain; charset=utf-8' \\\n"
	     "  --data-raw '@it'\\''s '\"$SLUICE_TEST_TOKEN\"'' \\\n"
	     "  --max-time 1.500 \\\n"
	     "  --connect-timeout 10.000 \\\n"
	     "  --location \\\n"
	     "  --url 'https://h/7'\n"},
	    /* A secret may begin with an @, too. */
	    {"\"url\":\"http://h/\",\"method\":\"M'$`\",\"body\":\"${env:SLUICE_TEST_TOKEN}\"",
	     "-X 'M'\\''$`' \\\n"},
	    {"\"url\":\"http://h/\",\"body\":\"${env:SLUICE_TEST_TOKEN}\"",
	     "  --data-raw ''\"$SLUICE_TEST_TOKEN\"'' \\\n"},
	    {"\"url\":\"http://h/${env:SLUICE_TEST_TOKEN}?a=${env:SLUICE_TEST_TOKEN}\"",
	     "  --url 'http://h/'\"$(sluice_url \"$SLUICE_TEST_TOKEN\")\"'?a='"
	     "\"$(sluice_percent \"$SLUICE_TEST_TOKEN\")\"''\n"},
	    {"\"url\":\"http://h/\",\"json\":{\"a\":\"${env:SLUICE_TEST_TOKEN}\"}",
	     "  --data-binary '{\"a\":\"'\"$(sluice_json \"$SLUICE_TEST_TOKEN\")\"'\"}' \\\n"},
	    {"\"url\":\"http://h/\",\"form\":{\"a\":\"${file:" SECRET_FILE "}\"}",
	     "sluice_file <'sluice test'\\''s $file' && SLUICE_SECRET_1=$SLUICE_SECRET &&\ncurl "},
	    /* What was given is not at hand: nothing is sent without it. */
	    {"\"url\":\"http://h/\",\"headers\":{\"X-$Key\":\"literal-1234\"}",
	     ": \"${SLUICE_SECRET_1:?is to be the credential of request.headers.X-_Key, which is never "
	     "stored; set it and paste again}\" &&\ncurl "},
	    {"\"url\":\"https://bob:pw@h/\"",
	     "  --url 'https://'\"$(sluice_url \"$SLUICE_SECRET_1\")\"'@h/'\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer job = {0}, out = {0};

		buffer_printf(&job, "{\"request\":{%s}}", cases[i].request);
		curl_of(job.data, ITEM, &out);
		if (!strstr(out.data, cases[i].command))
			fail_msg("'%s' is not in '%s'", cases[i].command, out.data);
		assert_null(strstr(out.data, "***"));
		assert_null(strstr(out.data, "tok-1234"));
		buffer_free(&job);
		buffer_free(&out);
	}
}

/* ---- run ----------------------------------------------------------------- */

/* "curl" prints its words instead, with a NUL after each. */
static void run(const char *shell, const char *command, struct buffer *words)
{
	struct buffer script = {0};
	char line[64], bytes[4096];
	FILE *output;
	size_t got;

	buffer_printf(&script, "curl() { printf '%%s\\0' \"$@\"; }\n%s", command);
	setenv("SLUICE_TEST_SCRIPT", script.data, 1);
	snprintf(line, sizeof(line), "%s -c \"$SLUICE_TEST_SCRIPT\" 2>&1", shell);
	output = popen(line, "r");
	assert_non_null(output);
	words->length = 0;
	while ((got = fread(bytes, 1, sizeof(bytes), output)) > 0)
		buffer_append(words, bytes, got);
	(void)pclose(output);
	buffer_free(&script);
}

/* The word behind the next `option`, from *at on; "": there is none. */
static const char *word_after(const struct buffer *words, const char *option, size_t *at)
{
	while (*at < words->length) {
		const char *word = words->data + *at;

		*at += strlen(word) + 1;
		if (strcmp(word, option) == 0 && *at < words->length)
			return words->data + *at;
	}
	return "";
}

static const char *only_word(const struct buffer *words, const char *option)
{
	size_t at = 0;

	return word_after(words, option, &at);
}

static void assert_same(const char *got, const char *wanted, const char *command)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("'%s' instead of '%s' of\n%s", got, wanted, command);
}

static void assert_sends(const struct buffer *words, const struct rendered *request,
                         const char *command)
{
	const char *line = request->headers.data, *body;
	size_t at = 0;

	assert_same(only_word(words, "--url"), request->url.data, command);
	for (int i = 0; i < request->header_count; i++, line += strlen(line) + 1)
		assert_same(word_after(words, "-H", &at), line, command);
	if (!request->has_body)
		return;
	body = only_word(words, "--data-binary");
	assert_same(*body ? body : only_word(words, "--data-raw"),
	            request->body.data ? request->body.data : "", command);
}

static void check(const char *job, const char *item)
{
	static const char *const shells[] = {"sh", "bash"};
	struct secret_set *secrets = secret_set_new();
	struct plan *plan = make(job, secrets);
	struct rendered request = {0};
	struct buffer command = {0}, words = {0};
	const struct json_span span = {item, strlen(item)};

	assert_int_equal(plan_render(plan, 1, NULL, 0, span, &request, NULL), STATUS_OK);
	curl_of(job, item, &command);
	for (size_t i = 0; i < COUNT(shells); i++) {
		run(shells[i], command.data, &words);
		assert_sends(&words, &request, command.data);
	}
	rendered_free(&request);
	buffer_free(&command);
	buffer_free(&words);
	plan_free(plan);
	secret_set_free(secrets);
}

static void write_file(const char *bytes)
{
	FILE *out = fopen(SECRET_FILE, "w");

	assert_non_null(out);
	assert_true(fputs(bytes, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

#define S "${env:SLUICE_TEST_SECRET}"
#define F "${file:" SECRET_FILE "}"

/* Every place, and every byte that a variable can hold. */
static void test_secrets(void **state)
{
	static const char *const jobs[] = {
	    "{\"request\":{\"url\":\"http://h/" S "/{{id}}?a=" S "&b=" F "\",\"query\":{\"q" S "\":\"" F "\"},"
	    "\"json\":{\"k\":\"" S "\",\"m" S "\":[1.0,\"x" F "\"]}}}",
	    "{\"request\":{\"url\":\"http://h/\",\"form\":{\"a\":\"" S "\",\"b" F "\":\"{{id}}" S "\"}}}",
	    "{\"request\":{\"url\":\"http://h/\",\"body\":\"" S " it's " F "\"}}",
	    "{\"request\":{\"url\":\"http://h/\",\"body\":\"" F "\"}}",
	};
	static const char *const secrets[] = {
	    "tok-1234", "q\"x&y+%41", "a b", "it's \\ $HOME `id` $(id)", "@file", "-n", "\\n\\\\",
	    "J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x98\x80", "one\ntwo\n\n", "\r\n\ttab \n", "\nx",
	    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x11\x12\x13\x14\x15"
	    "\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F\x20\x7F",
	    "!\"#$%&'()*+,-./0123456789:;<=>?@AZ[\\]^_`az{|}~",
	    /* no UTF-8: alone, too long, too high, half of a pair, cut */
	    "\x80.\xFF.\xC0\x80.\xC3(\xC3\xBC\xE0\x9F\xBF.\xED\xA0\x80.\xF4\x90\x80\x80.\xF0\x9F\x98"
	    ".\xE2\x82\xE2\x82\xAC\xF5\x80\xE1\x80",
	};
	static const char *const ends[] = {"", "\n", "\r\n", "\r", "\n\n\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(secrets); i++) {
		struct buffer content = {0};

		buffer_printf(&content, "%s%s", secrets[i], ends[i % COUNT(ends)]);
		write_file(content.data);
		setenv("SLUICE_TEST_SECRET", secrets[i], 1);
		for (size_t j = 0; j < COUNT(jobs); j++)
			check(jobs[j], ITEM);
		buffer_free(&content);
	}
	(void)unlink(SECRET_FILE);
}

/* What begins the URL, with what is not known of it. */
static void test_places(void **state)
{
	static const struct {
		const char *request, *base;
	} cases[] = {
	    {"\"url\":\"${env:SLUICE_TEST_SECRET}/a b/{{id}}?x=\\u00fc\"", "http://h:8080/p"},
	    {"\"url\":\"http://${env:SLUICE_TEST_SECRET}/{{id}}\"", "h"},
	    {"\"url\":\"http://${env:SLUICE_TEST_SECRET}@h/{{id}}\"", "bob:p%40ss"},
	    {"\"url\":\"http://h/\",\"proxy\":\"http://${env:SLUICE_TEST_SECRET}@p:1\"", "bob:p%40ss"},
	    {"\"url\":\"http://h/\",\"headers\":{\"X\":\"a ${env:SLUICE_TEST_SECRET}\",\"Y\":\""
	     "${env:SLUICE_TEST_SECRET}\"}", "it's \\ $HOME `id` \"%41\" \xC3\xBC"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer job = {0};

		buffer_printf(&job, "{\"request\":{%s}}", cases[i].request);
		setenv("SLUICE_TEST_SECRET", cases[i].base, 1);
		check(job.data, ITEM);
		buffer_free(&job);
	}
}

/* Without what it needs the command is not run, and says why. */
static void test_missing(void **state)
{
	static const struct {
		const char *request, *says;
	} cases[] = {
	    {"\"url\":\"http://h/\",\"headers\":{\"Cookie\":\"a=${file:sluice-test-no-such}\"}",
	     "sluice-test-no-such"},
	    {"\"url\":\"http://h/\",\"headers\":{\"Cookie\":\"literal-1234\"}",
	     "SLUICE_SECRET_1: is to be the credential of request.headers.Cookie"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer job = {0}, out = {0}, words = {0};
		struct secret_set *literal = secret_set_new();
		struct spec *spec = NULL;

		buffer_printf(&job, "{\"request\":{%s}}", cases[i].request);
		assert_int_equal(spec_parse(job.data, job.length, literal, &spec, NULL), STATUS_OK);
		assert_int_equal(plan_curl_of_spec(spec, "j", uuid, 1, NULL, 0,
		                                   (struct json_span){ITEM, strlen(ITEM)}, &out, NULL),
		                 STATUS_OK);
		run("sh", out.data, &words);
		if (!strstr(words.data, cases[i].says))
			fail_msg("%s: '%s'", cases[i].request, words.data);
		assert_string_equal(only_word(&words, "--url"), "");
		spec_free(spec);
		secret_set_free(literal);
		buffer_free(&job);
		buffer_free(&out);
		buffer_free(&words);
	}
}

/* A shell gets back every byte of an item. */
static void test_quoting(void **state)
{
	static const char body[] = "'\"$HOME`id`\\\n!* ;&|<>()~#\t''";
	struct buffer item = {0};

	(void)state;
	buffer_text(&item, "{\"b\":");
	buffer_json(&item, body, strlen(body));
	buffer_text(&item, "}");
	check("{\"request\":{\"url\":\"http://h/\",\"body\":\"{{b}}\"}}", item.data);
	buffer_free(&item);
}

static int set_up(void **state)
{
	(void)state;
	write_file("tok-1234\n");
	return setenv("SLUICE_TEST_TOKEN", "tok-1234", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_text, set_up), cmocka_unit_test(test_secrets),
	    cmocka_unit_test(test_places),             cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_quoting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
