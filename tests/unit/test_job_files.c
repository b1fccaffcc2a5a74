/* Which files a job that came over the API may name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/request/secret.h"
#include "web/job_files.h"

static char folder[] = "/tmp/sluice-files-XXXXXX";

static void put_file(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("value-of-it\n", file);
	fclose(file);
}

static int make_files(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("in", 0700) != 0 ||
	    mkdir("in/deep", 0700) != 0 || mkdir("inside", 0700) != 0)
		return -1;
	put_file("in/a");
	put_file("in/deep/b");
	put_file("inside/c");
	put_file("d");
	return symlink("../d", "in/link") != 0 || symlink("in/a", "back") != 0;
}

static int remove_files(void **state)
{
	static const char *const files[] = {"in/a", "in/deep/b", "inside/c", "d", "in/link", "back"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	return rmdir("in/deep") != 0 || rmdir("in") != 0 || rmdir("inside") != 0 || chdir("/") != 0 ||
	       rmdir(folder) != 0;
}

static enum status check(const char *members, const char *allowed, struct error *error)
{
	struct secret_set *given = secret_set_new();
	struct spec *spec = NULL;
	char text[512];
	enum status status;

	snprintf(text, sizeof(text), "{\"name\":\"t\",\"request\":{\"url\":\"http://h/\"%s}}", members);
	if (spec_parse(text, strlen(text), given, &spec, error) != STATUS_OK)
		fail_msg("%s: %s", members, error->text);
	status = job_files_check(spec, allowed, error);
	spec_free(spec);
	secret_set_free(given);
	return status;
}

static void test_folder(void **state)
{
	static const struct {
		const char *path;
		bool allowed;
	} table[] = {
	    {"in/a", true},      {"in/deep/b", true},  {"in/../in/a", true}, {"back", true},
	    {"inside/c", false}, {"d", false},         {"in/../d", false},   {"in/link", false},
	    {"in", false},       {"in/deep", false},   {"in/none", false},   {"/etc/passwd", false},
	    {"/dev/zero", false}, {"/proc/self/environ", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct error error = {0};
		char members[256];

		snprintf(members, sizeof(members), ",\"headers\":{\"X\":\"${file:%s}\"}", table[i].path);
		if (check(members, "in", &error) != (table[i].allowed ? STATUS_OK : STATUS_USAGE))
			fail_msg("%s: '%s'", table[i].path, error.text);
		if (!table[i].allowed)
			assert_non_null(strstr(error.text, "no file in the folder of SLUICE_API_FILES"));
		assert_int_equal(check(members, NULL, &error), STATUS_USAGE);
		assert_non_null(strstr(error.text, "SLUICE_API_FILES=FOLDER"));
		assert_int_equal(check(members, "", &error), STATUS_USAGE);
		assert_int_equal(check(members, "none", &error), STATUS_USAGE);
	}
}

/* Wherever in the job it stands. */
static void test_places(void **state)
{
	static const char *const places[] = {
	    ",\"headers\":{\"X\":\"a ${file:d} b\"}",
	    ",\"query\":{\"q\":\"${file:d}\"}",
	    ",\"form\":{\"f\":\"${file:d}\"}",
	    ",\"body\":\"${file:d}\"",
	    ",\"json\":{\"a\":[{\"b\":\"${file:d}\"}]}",
	    ",\"json\":{\"${file:d}\":1}",
	    ",\"proxy\":\"http://${file:d}\"",
	    ",\"headers\":{\"X\":\"${env:HOME}${file:d}\"}",
	};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (check(places[i], NULL, &error) != STATUS_USAGE)
			fail_msg("%s: is let through", places[i]);
	}
	assert_int_equal(check(",\"headers\":{\"X\":\"${env:HOME} $${file:d}\"}", NULL, &error),
	                 STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_folder),
	                                   cmocka_unit_test(test_places)};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
