/* The grammar of conditions, by recursive descent:
 *
 *     any     = all { "or" all }
 *     all     = one { "and" one }
 *     one     = "(" any ")" | subject ( operator value | "exists" )
 *     subject = "status" | "body" | "header." NAME | "$" PATH */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "engine/request/condition_internal.h"
#include "engine/request/jsonpath.h"

#define TEXT_LENGTH_MAX 16384
#define NODES_MAX 1000
#define DEPTH_MAX 50

struct parser {
	const char *text, *at;
	struct condition *condition;
	struct jsonpath *jsonpath; /* made when the first path comes */
	struct error *error;
	int depth;
};

static enum status refuse(struct parser *parser, const char *what)
{
	size_t column = 1;

	for (const char *c = parser->text; c < parser->at; c++)
		column += ((unsigned char)*c & 0xc0) != 0x80;
	return error_set(parser->error, STATUS_USAGE, "column %zu: %s", column, what);
}

static void skip_blanks(struct parser *parser)
{
	while (*parser->at && strchr(" \t\r\n", *parser->at))
		parser->at++;
}

static bool is_name_character(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Take a word, if it stands here by itself. */
static bool take_word(struct parser *parser, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(parser);
	if (strncmp(parser->at, word, length) != 0 || is_name_character(parser->at[length]))
		return false;
	parser->at += length;
	return true;
}

/* The index of a new node; -1: too many, or no memory (error set). */
static int add_node(struct parser *parser, struct node node)
{
	struct condition *condition = parser->condition;

	if (condition->count == NODES_MAX) {
		refuse(parser, "the condition is too long");
		return -1;
	}
	if (condition->count == condition->capacity) {
		int capacity = condition->capacity ? 2 * condition->capacity : 4;
		struct node *nodes = realloc(condition->nodes, (size_t)capacity * sizeof(*nodes));

		if (!nodes) {
			error_set(parser->error, STATUS_NO_MEMORY, "out of memory");
			return -1;
		}
		condition->nodes = nodes;
		condition->capacity = capacity;
	}
	condition->nodes[condition->count] = node;
	return condition->count++;
}

/* ---- a comparison ------------------------------------------------------ */

static enum status take_copy(struct parser *parser, const char *from, size_t length, char **copy)
{
	*copy = strndup(from, length);
	return *copy ? STATUS_OK : error_set(parser->error, STATUS_NO_MEMORY, "out of memory");
}

/* Up to a blank or an operator that is not within "…" or […]. */
static size_t path_length(const char *path)
{
	bool quoted = false;
	size_t i = 0;

	for (; path[i]; i++) {
		if (path[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr(" \t\r\n=!<>~()", path[i]))
			break;
	}
	return i;
}

static enum status read_path(struct parser *parser, struct node *node)
{
	size_t length = path_length(parser->at);
	enum status status;

	node->subject = LEFT_PATH;
	if (!parser->jsonpath)
		parser->jsonpath = jsonpath_new();
	if (!parser->jsonpath)
		return error_set(parser->error, STATUS_NO_MEMORY, "out of memory");
	status = take_copy(parser, parser->at, length, &node->name);
	if (status != STATUS_OK)
		return status;
	if (!jsonpath_check(parser->jsonpath, node->name))
		return refuse(parser, "not a JSON path such as $.data.id");
	parser->at += length;
	return STATUS_OK;
}

static enum status read_subject(struct parser *parser, struct node *node)
{
	enum status status;

	skip_blanks(parser);
	if (*parser->at == '$')
		return read_path(parser, node);
	if (take_word(parser, "status")) {
		node->subject = LEFT_STATUS;
	} else if (take_word(parser, "body")) {
		node->subject = LEFT_BODY;
	} else if (strncmp(parser->at, "header.", 7) == 0) {
		size_t length = 0;

		parser->at += 7;
		while (is_name_character(parser->at[length]))
			length++;
		if (length == 0)
			return refuse(parser, "expected a header's name");
		node->subject = LEFT_HEADER;
		status = take_copy(parser, parser->at, length, &node->name);
		if (status != STATUS_OK)
			return status;
		parser->at += length;
	} else {
		return refuse(parser, "expected a comparison: status, header.NAME, body or a path such as "
		                      "$.code");
	}
	return STATUS_OK;
}

static enum status read_operator(struct parser *parser, struct node *node)
{
	static const struct {
		const char *text;
		enum operator operator;
	} operators[] = {
	    {"==", OP_EQUAL}, {"!=", OP_UNEQUAL},   {"<=", OP_LESS_EQUAL}, {">=", OP_GREATER_EQUAL},
	    {"<", OP_LESS},   {">", OP_GREATER},    {"~", OP_CONTAINS},
	};

	if (take_word(parser, "exists")) {
		node->operator= OP_EXISTS;
		return STATUS_OK;
	}
	skip_blanks(parser);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t length = strlen(operators[i].text);

		if (strncmp(parser->at, operators[i].text, length) == 0) {
			node->operator= operators[i].operator;
			parser->at += length;
			return STATUS_OK;
		}
	}
	if (*parser->at == '=')
		return refuse(parser, "expected == (two of them)");
	return refuse(parser, "expected == != < <= > >= ~ or exists");
}

/* "…" with JSON's escapes, '…' as it stands. */
static enum status read_string(struct parser *parser, struct node *node)
{
	char quote = *parser->at;
	const char *end = parser->at + 1;
	struct json_span string;
	struct buffer text = {0};

	while (*end && *end != quote) {
		if (*end == '\\' && quote == '"' && end[1])
			end++;
		end++;
	}
	if (!*end)
		return refuse(parser, "a text without its closing quote");
	if (quote == '\'')
		buffer_append(&text, parser->at + 1, (size_t)(end - parser->at) - 1);
	else if (json_trim(parser->at, (size_t)(end + 1 - parser->at), &string, NULL))
		json_string_decode(string, &text);
	else
		return refuse(parser, "a text that is not a JSON string");
	node->right_kind = RIGHT_TEXT;
	node->length = text.length;
	node->text = buffer_take(&text);
	if (!node->text)
		return error_set(parser->error, STATUS_NO_MEMORY, "out of memory");
	parser->at = end + 1;
	return STATUS_OK;
}

static enum status read_number(struct parser *parser, struct node *node)
{
	size_t length = strspn(parser->at, "+-.0123456789eE");
	struct json_span number;

	if (!json_trim(parser->at, length, &number, NULL) || json_type(number) != JSON_NUMBER ||
	    is_name_character(parser->at[length]))
		return refuse(parser, "not a number");
	node->right_kind = RIGHT_NUMBER;
	node->length = length;
	parser->at += length;
	return take_copy(parser, number.at, length, &node->text);
}

static enum status read_value(struct parser *parser, struct node *node)
{
	const char *start;
	bool orders = node->operator!= OP_EQUAL && node->operator!= OP_UNEQUAL;

	skip_blanks(parser);
	start = parser->at;
	if (*start == '"' || *start == '\'')
		return read_string(parser, node);
	if (isdigit((unsigned char)*start) || *start == '-')
		return read_number(parser, node);
	if (take_word(parser, "true"))
		node->right_kind = RIGHT_TRUE;
	else if (take_word(parser, "false"))
		node->right_kind = RIGHT_FALSE;
	else if (take_word(parser, "null"))
		node->right_kind = RIGHT_NULL;
	else
		return refuse(parser, "expected a number, \"text\", true, false or null");
	if (orders) {
		parser->at = start;
		return refuse(parser, "true, false and null go with == and != only");
	}
	return STATUS_OK;
}

static enum status read_comparison(struct parser *parser, int *index)
{
	struct node node = {.kind = NODE_COMPARE};
	enum status status = read_subject(parser, &node);

	if (status == STATUS_OK)
		status = read_operator(parser, &node);
	if (status == STATUS_OK && node.operator!= OP_EXISTS)
		status = read_value(parser, &node);
	if (status == STATUS_OK) {
		*index = add_node(parser, node);
		if (*index >= 0)
			return STATUS_OK;
		status = STATUS_USAGE;
	}
	free(node.name);
	free(node.text);
	return status;
}

/* ---- and, or, parentheses ---------------------------------------------- */

static enum status read_any(struct parser *parser, int *index);

static enum status read_one(struct parser *parser, int *index)
{
	enum status status;

	skip_blanks(parser);
	if (*parser->at != '(')
		return read_comparison(parser, index);
	if (++parser->depth > DEPTH_MAX)
		return refuse(parser, "too many parentheses");
	parser->at++;
	status = read_any(parser, index);
	if (status != STATUS_OK)
		return status;
	skip_blanks(parser);
	if (*parser->at != ')')
		return refuse(parser, "expected ) , and or or");
	parser->at++;
	parser->depth--;
	return STATUS_OK;
}

static enum status read_chain(struct parser *parser, const char *word, enum node_kind kind,
                              enum status (*read)(struct parser *parser, int *index), int *index)
{
	enum status status = read(parser, index);

	while (status == STATUS_OK && take_word(parser, word)) {
		struct node node = {.kind = kind, .left = *index};

		status = read(parser, &node.right);
		if (status != STATUS_OK)
			break;
		*index = add_node(parser, node);
		if (*index < 0)
			status = STATUS_USAGE;
	}
	return status;
}

static enum status read_all(struct parser *parser, int *index)
{
	return read_chain(parser, "and", NODE_AND, read_one, index);
}

static enum status read_any(struct parser *parser, int *index)
{
	return read_chain(parser, "or", NODE_OR, read_all, index);
}

enum status condition_compile(const char *text, struct condition **condition, struct error *error)
{
	struct parser parser = {.text = text, .at = text, .error = error};
	enum status status;

	if (strlen(text) > TEXT_LENGTH_MAX)
		return error_set(error, STATUS_USAGE, "the condition is too long");
	parser.condition = calloc(1, sizeof(*parser.condition));
	if (!parser.condition)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = read_any(&parser, &parser.condition->root);
	skip_blanks(&parser);
	if (status == STATUS_OK && *parser.at)
		status = refuse(&parser, "expected and, or, or the end");
	jsonpath_free(parser.jsonpath);
	if (status == STATUS_OK)
		*condition = parser.condition;
	else
		condition_free(parser.condition);
	return status;
}
