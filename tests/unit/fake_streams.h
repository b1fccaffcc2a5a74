/* The fake engine's uploads and exports; included by fake_engine.h. */
#ifndef SLUICE_TESTS_FAKE_STREAMS_H
#define SLUICE_TESTS_FAKE_STREAMS_H

struct engine_upload {
	int64_t rows;
};

enum status engine_upload_open(struct engine *engine, int64_t job,
                               const struct engine_upload_how *how,
                               struct engine_upload **upload, struct error *error)
{
	(void)engine;
	if (job == 2)
		return error_set(error, STATUS_CONFLICT, "no more items are taken");
	fake.format = how->format;
	fake.upload_kind = how->kind;
	*upload = calloc(1, sizeof(**upload));
	return *upload != NULL ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* A row a line; "BAD" at the start of a piece is a bad row. */
enum status engine_upload_feed(struct engine_upload *upload, const char *bytes, size_t length,
                               struct error *error)
{
	fake_upload_bytes += (long long)length;
	if (length >= 3 && memcmp(bytes, "BAD", 3) == 0)
		return error_set(error, STATUS_USAGE, "row 1, line 2: bad");
	for (size_t i = 0; i < length; i++)
		upload->rows += bytes[i] == '\n';
	return STATUS_OK;
}

enum status engine_upload_close(struct engine_upload *upload, bool abandoned,
                                struct engine_upload_rows *rows, struct error *error)
{
	(void)error;
	*rows = (struct engine_upload_rows){upload->rows, 5 * (upload->rows == 3)};
	free(upload);
	if (abandoned)
		fake_uploads_abandoned++;
	else
		fake_uploads_done++;
	return STATUS_OK;
}

struct engine_export {
	int pieces, calls;
};

enum status engine_export_open(struct engine *engine, int64_t job, enum export_format format,
                               const char *filter, struct engine_export **out,
                               struct error *error)
{
	(void)engine;
	(void)job;
	(void)format;
	fake_note(fake.filter, sizeof(fake.filter), filter);
	if (filter != NULL && strstr(filter, "bogus:") != NULL)
		return error_set(error, STATUS_USAGE, "filter: 'bogus' is unknown");
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* Every other call finds nothing; the last piece comes with the end. */
enum status engine_export_next(struct engine_export *export, struct buffer *out, bool *end,
                               struct error *error)
{
	if (export->calls++ % 2 == 0 && !fake.export_endless)
		return STATUS_OK;
	if (export->pieces++ == fake.export_pieces && fake.export_breaks)
		return error_set(error, STATUS_IO, "disk");
	for (int i = 0; i < 100; i++)
		buffer_text(out, "123456789\n");
	*end = export->pieces == fake.export_pieces && !fake.export_breaks
	       && !fake.export_endless;
	return STATUS_OK;
}

void engine_export_close(struct engine_export *export)
{
	fake_exports_closed++;
	free(export);
}

#endif
