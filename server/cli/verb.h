/* The verbs that drive a running server's admin API: cbsmock clock freeze, cbsmock faults list … A verb is a table of rows, one a
 * route; a row says how words and options of the command line become path, query and body, and how a person wants the answer. */
#ifndef CBSMOCK_CLI_VERB_H
#define CBSMOCK_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "cli/remote.h"
#include "cli/view.h"
#include "util/arena.h"
#include "util/buf.h"

enum { VERB_ARGS = 20 };

enum arg_place {
	IN_PATH,  /* stands for the next "{…}" in the row's path; required */
	IN_QUERY,
	IN_BODY,
	IN_BUILD, /* the row's build() looks at it */
	TO_FILE,  /* the answer goes there, as it is; "-" is standard output */
};

enum arg_type {
	AS_TEXT,
	AS_VALUE,    /* JSON if it is some (a number, true, a list …), else a text */
	AS_LIST,     /* "a,b": a list of texts */
	AS_FLAG,     /* an option without a value: true */
	AS_PAIR,     /* an option's NAME=VALUE, into an object; a text */
	AS_TEXTS,    /* as AS_PAIRS, each value a text whatever it looks like */
	AS_PAIRS,    /* every word left over, NAME=VALUE each, VALUE as above, into an object; "param.NAME", "tag.NAME" go one level deeper */
	AS_SECONDS,  /* a duration, "500ms", or a bare number of seconds: a duration */
	AS_DOCUMENT, /* JSON, @FILE or - (standard input): the body begins as this; as an option it may stand without its name, first */
	AS_FILE,     /* FILE or - (standard input): its text */
	AS_WHOLE,    /* FILE or - (standard input): the body is what it holds, JSON or a database */
};

struct verb_arg {
	const char *name;        /* "NAME": a word, in this place among the words; "--name": an option */
	const char *takes;       /* what an option's value is called */
	enum arg_place place;
	enum arg_type type;
	const char *field;       /* query name, or path in the body with "." between; "" for pairs that are the body themselves */
	const char *help;
	bool required;
};

/* What a command line comes to. */
struct verb_request {
	struct arena *arena;
	const struct verb_row *row;
	const char *values[VERB_ARGS]; /* by place in the row's args; NULL: not given; a flag is "" */
	cJSON *body;                   /* an object or a list; nothing is sent of an empty one */
	struct remote_body whole;      /* in place of it */
};

struct verb_row {
	const char *word;         /* "" is the verb by itself */
	const char *method, *path;
	const char *help;
	struct verb_arg args[VERB_ARGS]; /* a NULL name ends them */
	const char *body;         /* JSON that the body begins as; NULL: as an empty object */
	bool everywhere;          /* the route takes no ?sandbox= */
	bool waits;               /* the answer may take as long as the body's "timeout" says */
	bool as_it_is;            /* the answer is printed as it came: a file, a text */
	struct view view;
	/* What the table cannot say about the body. False with a sentence in `why`. May be NULL. */
	bool (*build)(struct verb_request *q, struct buf *why);
};

struct verb {
	const char *name, *help;  /* help: a paragraph below the usage */
	const struct verb_row *rows;
	size_t row_count;
};

/* JSON if the text is some, else a text. A new tree. */
cJSON *verb_value(const char *text);
/* "a,b" as a list of texts. A new tree. */
cJSON *verb_list(struct arena *a, const char *text);
/* Runs a command line, argv[0] being the verb's name; returns the exit status of cli.h. */
int verb_run(const struct verb *v, int argc, char **argv);

#endif
