/* The error tables and the filling in of their words. Arguments often come from a client, so each is cut to a bound. */
#include "api/error.h"

#include <string.h>

#include "util/buf.h"

enum {
	ARGUMENT_MAX = 256, /* bytes of one argument that are shown */
	MESSAGE_MAX = 4096,
};

struct error_row {
	const char *code;
	enum error_kind kind;
	const char *words[2]; /* by enum lang */
};

static const struct error_row error_rows[N_ERRS] = {
	[ERR_NONE] = { "", GATEWAY, { "", "" } },
#define E(id, code, kind, en, zh) [ERR_##id] = { code, kind, { en, zh } },
#include "api/errors.def"
#undef E
};

struct text_row {
	enum err err;
	const char *words[2];
};

static const struct text_row text_rows[N_TEXTS] = {
#define T(id, err, en, zh) [TEXT_##id] = { err, { en, zh } },
#include "api/texts.def"
#undef T
};

const char *err_code(enum err err)
{
	return error_rows[err].code;
}

enum error_kind err_kind(enum err err)
{
	return error_rows[err].kind;
}

const char *err_message(enum err err, enum lang lang)
{
	return error_rows[err].words[lang];
}

enum err err_by_code(const char *code)
{
	size_t low = ERR_NONE + 1, high = N_ERRS;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(code, error_rows[middle].code);
		if (order == 0)
			return (enum err)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ERR_NONE;
}

/* Not in the middle of a character. */
static void add_argument(struct buf *b, const char *argument)
{
	size_t len = strlen(argument);
	if (len <= ARGUMENT_MAX) {
		buf_add(b, argument, len);
		return;
	}
	len = ARGUMENT_MAX;
	while (len > 0 && ((unsigned char)argument[len] & 0xC0) == 0x80)
		len--;
	buf_add(b, argument, len);
	buf_adds(b, "...");
}

/* An argument that was not handed over leaves its place empty. */
static char *fill_in(struct arena *a, const char *words, va_list args)
{
	struct buf b;
	buf_init(&b, MESSAGE_MAX);
	bool more = true;
	const char *place;
	while ((place = strstr(words, "{}")) != NULL) {
		buf_add(&b, words, (size_t)(place - words));
		const char *argument = more ? va_arg(args, const char *) : NULL;
		more = argument != NULL;
		if (more)
			add_argument(&b, argument);
		words = place + 2;
	}
	buf_adds(&b, words);
	char *message = arena_strndup(a, b.data, b.len);
	buf_finish(&b);
	return message;
}

static void set(struct error *e, enum err err, const char *message)
{
	e->err = err;
	e->code = error_rows[err].code;
	e->kind = error_rows[err].kind;
	e->message = message;
}

void error_set(struct error *e, struct arena *a, enum lang lang, enum err err)
{
	(void)a;
	set(e, err, err_message(err, lang));
}

void error_vtext(struct error *e, struct arena *a, enum lang lang, enum text text, va_list args)
{
	const struct text_row *row = &text_rows[text];
	set(e, row->err, fill_in(a, row->words[lang], args));
}

void error_text(struct error *e, struct arena *a, enum lang lang, enum text text, ...)
{
	va_list args;
	va_start(args, text);
	error_vtext(e, a, lang, text, args);
	va_end(args);
}
