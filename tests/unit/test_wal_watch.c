/* The moment within a commit at which it survives the end of the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/store/db.h"
#include "engine/store/jobs.h"

struct stage {
	char folder[64], path[96], copy[96];
	struct db *db;
	int told;
};

static void copy_file(const char *from, const char *to)
{
	char bytes[65536];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t got;

	assert_non_null(in);
	assert_non_null(out);
	while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, got, out), got);
	fclose(in);
	fclose(out);
}

/* What a process that dies now would leave behind. */
static void leave(void *context)
{
	struct stage *stage = context;
	char from[128], to[128];

	stage->told++;
	copy_file(stage->path, stage->copy);
	snprintf(from, sizeof(from), "%s-wal", stage->path);
	snprintf(to, sizeof(to), "%s-wal", stage->copy);
	copy_file(from, to);
}

static int64_t insert(struct stage *stage, const char *name)
{
	const unsigned char uuid[16] = {(unsigned char)name[0]};
	struct error error = {0};
	int64_t job = 0;

	assert_int_equal(db_begin(stage->db, &error), STATUS_OK);
	assert_int_equal(jobs_insert(stage->db, name, uuid, "{}", true, 1, &job, &error), STATUS_OK);
	return job;
}

static bool left_behind(const struct stage *stage, const char *name)
{
	struct db *db = NULL;
	struct error error = {0};
	int64_t job;
	enum status status;

	assert_int_equal(db_open(stage->copy, DB_WRITER, &db, &error), STATUS_OK);
	status = jobs_find(db, name, &job, &error);
	db_close(db);
	return status == STATUS_OK;
}

static int up(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct error error = {0};

	strcpy(stage->folder, "/tmp/sluice-wal-XXXXXX");
	assert_non_null(mkdtemp(stage->folder));
	snprintf(stage->path, sizeof(stage->path), "%s/a.db", stage->folder);
	snprintf(stage->copy, sizeof(stage->copy), "%s/b.db", stage->folder);
	assert_int_equal(db_open(stage->path, DB_WRITER, &stage->db, &error), STATUS_OK);
	*state = stage;
	return 0;
}

static int down(void **state)
{
	struct stage *stage = *state;
	char command[128];

	db_close(stage->db);
	snprintf(command, sizeof(command), "rm -r %s", stage->folder);
	assert_int_equal(system(command), 0);
	free(stage);
	return 0;
}

static void test_what_was_told_of_is_there(void **state)
{
	struct stage *stage = *state;
	struct error error = {0};

	for (int i = 0; i < 3; i++) {
		const char name[2] = {(char)('a' + i), 0};

		insert(stage, name);
		assert_int_equal(db_commit_telling(stage->db, leave, stage, &error), STATUS_OK);
		assert_int_equal(stage->told, i + 1);
		assert_true(left_behind(stage, name));
	}
	/* Others are not told of, nor what was taken back. */
	insert(stage, "x");
	assert_int_equal(db_commit(stage->db, &error), STATUS_OK);
	insert(stage, "y");
	db_rollback(stage->db);
	assert_int_equal(stage->told, 3);
}

/* After a checkpoint the log begins anew: its header alone is nothing to tell of. */
static void test_a_log_that_begins_anew(void **state)
{
	struct stage *stage = *state;
	struct error error = {0};
	char name[8];

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "j%d", i);
		insert(stage, name);
		assert_int_equal(db_commit_telling(stage->db, leave, stage, &error), STATUS_OK);
		assert_int_equal(stage->told, i + 1);
		assert_true(left_behind(stage, name));
		if (i % 4 == 3)
			assert_int_equal(db_exec(stage->db, QUERY_CHECKPOINT, &error), STATUS_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_was_told_of_is_there, up, down),
	    cmocka_unit_test_setup_teardown(test_a_log_that_begins_anew, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
