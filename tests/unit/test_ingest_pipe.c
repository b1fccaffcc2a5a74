/* Items from pipes. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "tests/unit/ingest_bench.h"

/* ---- pipes ----------------------------------------------------------- */

/* Writes `first`, waits for a batch to come, then writes `then` and closes. */
struct writer {
	int fd;
	const char *first, *then;
	size_t first_length, then_length;
	sem_t came;
	pthread_t thread;
	bool broken; /* the reader went away: no fault */
};

static void write_all(struct writer *writer, const char *bytes, size_t length)
{
	while (length > 0 && !writer->broken) {
		ssize_t written = write(writer->fd, bytes, length);

		if (written < 0) {
			writer->broken = true;
			return;
		}
		bytes += written;
		length -= (size_t)written;
	}
}

static void *writer_run(void *context)
{
	struct writer *writer = context;

	write_all(writer, writer->first, writer->first_length);
	if (writer->then != NULL) {
		sem_wait(&writer->came);
		write_all(writer, writer->then, writer->then_length);
	}
	close(writer->fd);
	return NULL;
}

/* A pipe at /dev/fd/N that `writer` fills. */
static int pipe_start(struct writer *writer, char path[32])
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	writer->fd = ends[1];
	assert_int_equal(sem_init(&writer->came, 0, 0), 0);
	assert_int_equal(pthread_create(&writer->thread, NULL, writer_run, writer), 0);
	snprintf(path, 32, "/dev/fd/%d", ends[0]);
	return ends[0];
}

static void pipe_finish(struct writer *writer, int read_end)
{
	close(read_end);
	assert_int_equal(pthread_join(writer->thread, NULL), 0);
	sem_destroy(&writer->came);
}

/* A pipe that has ended already is as good as a file. */
static void test_pipe_short(void **state)
{
	static const char text[] = "id,b\n1,x\n2,y\n";
	struct taken taken = { 0 };
	struct ingest_options options = { .path = "-", .name = "stdin" };
	struct ingest *ingest;
	int ends[2], input = dup(0);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], 0), 0);
	close(ends[0]);
	ingest = open_ok(&options);
	assert_true(ingest_checked(ingest));
	assert_int_equal(ingest_rows_checked(ingest), 2);
	run_ok(ingest, NULL, &taken);
	assert_int_equal(taken.row_count, 2);
	assert_int_equal(last_state(&taken)->size, sizeof(text) - 1);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_SAME);
	ingest_close(ingest);
	assert_int_equal(dup2(input, 0), 0);
	close(input);
	taken_free(&taken);
}

/* A redirected file is a file, from where it stands. */
static void test_stdin_file(void **state)
{
	struct taken taken = { 0 };
	struct ingest_options options = { .path = "-", .name = "stdin" };
	struct ingest *ingest;
	int input = dup(0), fd;

	(void)state;
	put("u.txt", "skip this\nid\n1\n");
	fd = open(path_of("u.txt"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 10, SEEK_SET), 10);
	assert_int_equal(dup2(fd, 0), 0);
	close(fd);
	ingest = open_ok(&options);
	assert_true(ingest_checked(ingest));
	run_ok(ingest, NULL, &taken);
	assert_string_equal(taken.rows.data, "{\"id\":\"1\"} \n");
	ingest_close(ingest);
	assert_int_equal(dup2(input, 0), 0);
	close(input);
	taken_free(&taken);
}

/* Rows of a pipe that pauses are handed on; the rest follows. */
static void test_pipe_pause(void **state)
{
	struct writer writer = { .first = "{\"a\":1}\n{\"a\":2}\n{\"a\"", .first_length = 20,
		                 .then = ":3}\n", .then_length = 4 };
	struct taken taken = { .came = &writer.came };
	struct ingest_options options = { .name = "pipe" };
	struct ingest *ingest;
	char path[32];
	int read_end = pipe_start(&writer, path);

	(void)state;
	options.path = path;
	options.format = FORMAT_NDJSON;
	ingest = open_ok(&options);
	assert_false(ingest_checked(ingest));
	run_ok(ingest, NULL, &taken);
	assert_int_equal(taken.row_count, 3);
	assert_true(taken.batch_count >= 2);
	assert_int_equal(last_state(&taken)->size, 0);
	ingest_close(ingest);
	pipe_finish(&writer, read_end);
	taken_free(&taken);
}

/* Import a pipe that gives `text`, held open until the first batch came. */
static enum status run_pipe(const char *text, size_t length, const struct source_state *known,
                            struct taken *taken, struct error *error)
{
	struct writer writer = { .first = text, .first_length = length, .then = "",
		                 .then_length = 0 };
	struct ingest_options options = { .name = "pipe", .format = FORMAT_NDJSON };
	struct ingest_sink sink = { take_batch, taken };
	struct ingest *ingest;
	enum status status;
	char path[32];
	int read_end = pipe_start(&writer, path);

	options.path = path;
	taken->came = &writer.came;
	ingest = open_ok(&options);
	assert_false(ingest_checked(ingest));
	if (known != NULL)
		assert_int_equal(relation_of(ingest, known), SOURCE_SAME);
	if (known != NULL) /* there may come no batch */
		sem_post(&writer.came);
	status = ingest_run(ingest, known, sink, error);
	ingest_close(ingest);
	pipe_finish(&writer, read_end);
	taken->came = NULL;
	return status;
}

static void test_pipe_long(void **state)
{
	struct buffer text = { 0 };
	struct taken taken = { 0 }, rest = { 0 }, other = { 0 };
	const struct source_state *known;
	struct error error = { STATUS_OK, "" };

	(void)state;
	many_rows("u.ndjson", 700000, &text);
	assert_true(text.length > INGEST_PEEK_BYTES);
	assert_int_equal(run_pipe(text.data, text.length, NULL, &taken, &error), STATUS_OK);
	assert_int_equal(taken.row_count, 700000);
	known = &taken.states[10];
	assert_int_equal(run_pipe(text.data, text.length, known, &rest, &error), STATUS_OK);
	assert_int_equal(rest.row_count, 700000 - known->rows);
	assert_string_equal(rest.rows.data, taken.rows.data + taken.rows_at[10]);

	text.data[6] = '9'; /* another id before the known place */
	assert_int_equal(run_pipe(text.data, text.length, known, &other, &error), STATUS_CONFLICT);
	assert_int_equal(other.batch_count, 0);
	buffer_free(&text);
	taken_free(&taken);
	taken_free(&rest);
	taken_free(&other);
}

/* A bad row behind the peek ends it there; what came before is kept. */
static void test_pipe_bad(void **state)
{
	struct writer writer = { .first = "{\"a\":1}\n{\"a\":2}\n", .first_length = 16,
		                 .then = "{\"a\":3}\nbad\n", .then_length = 12 };
	struct taken taken = { .came = &writer.came };
	struct ingest_sink sink = { take_batch, &taken };
	struct ingest_options options = { .name = "pipe", .format = FORMAT_NDJSON };
	struct error error = { STATUS_OK, "" };
	struct ingest *ingest;
	char path[32];
	int read_end = pipe_start(&writer, path);

	(void)state;
	options.path = path;
	ingest = open_ok(&options);
	assert_int_equal(ingest_run(ingest, NULL, sink, &error), STATUS_USAGE);
	assert_string_equal(error.text, "pipe: row 4 (line 4), column 1: not a value (3 rows before "
	                                "it were taken in)");
	assert_int_equal(taken.row_count, 3);
	assert_int_equal(last_state(&taken)->offset, 24);
	assert_false(last_state(&taken)->complete);
	ingest_close(ingest);
	pipe_finish(&writer, read_end);
	taken_free(&taken);
}

/* A FIFO whose writer has not come yet is not at its end. */
static void *fifo_write(void *context)
{
	int fd = open(context, O_WRONLY);

	if (fd >= 0) {
		if (write(fd, "{\"a\":1}\n", 8) != 8)
			perror("write");
		close(fd);
	}
	return NULL;
}

static void test_fifo(void **state)
{
	char path[128];
	struct taken taken = { 0 };
	struct ingest_options options;
	struct ingest *ingest;
	pthread_t thread;

	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	snprintf(path, sizeof(path), "%s", path_of("fifo"));
	options = options_for("fifo");
	options.format = FORMAT_NDJSON;
	ingest = open_ok(&options);
	assert_int_equal(pthread_create(&thread, NULL, fifo_write, path), 0);
	run_ok(ingest, NULL, &taken);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(taken.rows.data, "{\"a\":1} \n");
	ingest_close(ingest);
	taken_free(&taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe_short),
		cmocka_unit_test(test_stdin_file),
		cmocka_unit_test(test_pipe_pause),
		cmocka_unit_test(test_pipe_long),
		cmocka_unit_test(test_pipe_bad),
		cmocka_unit_test(test_fifo),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
