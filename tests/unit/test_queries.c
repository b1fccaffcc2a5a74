/* Every statement of schema/queries.sql can be prepared, and none scans a
 * table but for a named list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "engine/policy/state.h"
#include "engine/store/db.h"

/* Statements that read a whole table or sort, and why that is right. */
static const struct {
	const char *name, *why;
} allowed[] = {
    {"table_count", "a dozen rows of sqlite_schema, at open"},
    {"group_list", "the causes of one job, a few hundred at most, sorted by count"},
    {"last_due", "the far end of an index range"},
    {"page_dead", "merges three pages that are sorted already"},
    {"page_pending", "merges two pages that are sorted already"},
    {"sample_thin", "2048 samples of one job, when their width doubles"},
    {"group_time_thin", "the same moment, the counts of one job's causes"},
    {"page_running", "merges two pages that are sorted already"},
};

static char path[64];

static int open_store(void **state)
{
	struct db *db;

	snprintf(path, sizeof(path), "/tmp/sluice-queries-%ld.db", (long)getpid());
	unlink(path);
	assert_int_equal(db_open(path, DB_WRITER, &db, NULL), STATUS_OK);
	*state = db;
	return 0;
}

static int close_store(void **state)
{
	char other[80];

	db_close(*state);
	unlink(path);
	snprintf(other, sizeof(other), "%s-wal", path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", path);
	unlink(other);
	return 0;
}

static void prepares(void **state)
{
	for (int i = 0; i < QUERIES; i++)
		if (db_prepare(*state, (enum query)i) == NULL)
			fail_msg("%s: %s", query_name[i], sqlite3_errmsg(db_handle(*state)));
}

static bool is_allowed(const char *name)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(allowed[i].name, name) == 0)
			return true;
	return false;
}

/* "SCAN x" reads a table from end to end; a temporary b-tree sorts. */
static bool bad_plan(const char *detail)
{
	if (strncmp(detail, "SCAN CONSTANT ROW", 17) == 0 || strncmp(detail, "SCAN (", 6) == 0)
		return false;
	return strncmp(detail, "SCAN ", 5) == 0 || strstr(detail, "TEMP B-TREE") != NULL;
}

static void explain(struct db *db, int query)
{
	sqlite3_stmt *statement;
	char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", query_text[query]);

	assert_int_equal(sqlite3_prepare_v2(db_handle(db), text, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(statement, 3);

		if (bad_plan(detail) && !is_allowed(query_name[query]))
			fail_msg("%s: %s", query_name[query], detail);
	}
	sqlite3_finalize(statement);
	sqlite3_free(text);
}

static bool is_statement_on_tables(const char *text)
{
	static const char *const verbs[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};

	for (size_t i = 0; i < 4; i++)
		if (strncmp(text, verbs[i], 6) == 0)
			return true;
	return false;
}

static void scans_nothing(void **state)
{
	int looked_at = 0;

	for (int i = 0; i < QUERIES; i++)
		if (is_statement_on_tables(query_text[i])) {
			explain(*state, i);
			looked_at++;
		}
	assert_true(looked_at > 50);
}

/* Whether a statement makes a table of its own each time that it is run. */
static bool makes_a_table(struct db *db, const char *query)
{
	char *text = sqlite3_mprintf("EXPLAIN %s", query);
	sqlite3_stmt *statement;
	bool made = false;

	assert_int_equal(sqlite3_prepare_v2(db_handle(db), text, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		made |= strcmp((const char *)sqlite3_column_text(statement, 1), "OpenEphemeral") == 0;
	sqlite3_finalize(statement);
	sqlite3_free(text);
	return made;
}

/* A CHECK with IN did, for every outcome.  Thinning groups rows, and needs one. */
static void writes_without_tables_of_its_own(void **state)
{
	int looked_at = 0;

	for (int i = 0; i < QUERIES; i++)
		if ((strncmp(query_text[i], "INSERT", 6) == 0 ||
		     strncmp(query_text[i], "UPDATE", 6) == 0) &&
		    strstr(query_text[i], "GROUP BY") == NULL) {
			if (makes_a_table(*state, query_text[i]))
				fail_msg("%s opens a table of its own", query_name[i]);
			looked_at++;
		}
	assert_true(looked_at > 15);
	assert_true(makes_a_table(*state, "SELECT 1 WHERE ?1 IN ('a', 'b', 'c')"));
}

/* A scan is found where there is one: the test can fail. */
static void finds_a_scan(void **state)
{
	sqlite3_stmt *statement;
	bool bad = false;

	assert_int_equal(sqlite3_prepare_v2(db_handle(*state),
	                                    "EXPLAIN QUERY PLAN SELECT id FROM outcome WHERE http = 404",
	                                    -1, &statement, NULL),
	                 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		bad |= bad_plan((const char *)sqlite3_column_text(statement, 3));
	sqlite3_finalize(statement);
	assert_true(bad);
}

/* The names in the SQL CHECKs are those of policy/state. */
static void knows_the_states(void **state)
{
	static const enum item_state final[] = {ITEM_DONE, ITEM_FAILED, ITEM_UNKNOWN, ITEM_SKIPPED};
	static const enum item_state again[] = {ITEM_PENDING, ITEM_WAITING, ITEM_RUNNING};
	sqlite3 *handle = db_handle(*state);
	char *text;

	for (int i = 0; i < JOB_STATES; i++) {
		text = sqlite3_mprintf("INSERT INTO job (name, uuid, spec, repeatable, state, created_at_ms)"
		                       " VALUES ('n%d', zeroblob(16), '', 1, %Q, 0)",
		                       i, job_state_name((enum job_state)i));
		assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_free(text);
	}
	for (int i = 0; i < 4; i++) {
		text = sqlite3_mprintf("INSERT INTO outcome VALUES (%d, %Q, 1, 200, NULL, 1, 0)", i + 1,
		                       item_state_name(final[i]));
		assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_free(text);
	}
	for (int i = 0; i < 3; i++) {
		text = sqlite3_mprintf("INSERT INTO resend VALUES (%d, 1, %Q, 0, 0, 0, 0, 0)", i + 1,
		                       item_state_name(again[i]));
		assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_free(text);
	}
	assert_int_equal(sqlite3_exec(handle, "INSERT INTO outcome VALUES (9, 'over', 1, 200, NULL, 1, 0)",
	                              NULL, NULL, NULL),
	                 SQLITE_CONSTRAINT_CHECK);
}

static void refuses_a_newer_database(void **state)
{
	struct error error = {0};
	struct db *second = NULL;

	assert_int_equal(sqlite3_exec(db_handle(*state), "PRAGMA user_version = 999", NULL, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(db_open(path, DB_READER, &second, &error), STATUS_CORRUPT);
	assert_non_null(strstr(error.text, "newer sluice"));
	assert_null(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(prepares, open_store, close_store),
	    cmocka_unit_test_setup_teardown(writes_without_tables_of_its_own, open_store,
	                                    close_store),
	    cmocka_unit_test_setup_teardown(scans_nothing, open_store, close_store),
	    cmocka_unit_test_setup_teardown(finds_a_scan, open_store, close_store),
	    cmocka_unit_test_setup_teardown(knows_the_states, open_store, close_store),
	    cmocka_unit_test_setup_teardown(refuses_a_newer_database, open_store, close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
