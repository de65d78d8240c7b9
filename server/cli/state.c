/* cbsmock state: what is in a world. */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/verb.h"
#include "util/str.h"

#define STATE "/_cbs/state"
#define CHECKPOINTS "/_cbs/snapshots"
#define NAME_ARG { "NAME", NULL, IN_PATH, AS_TEXT, "name", "of the checkpoint", true }

/* A word that is no file and does not look like one is a preset; the server knows which there are. */
static bool build_seed(struct verb_request *q, struct buf *why)
{
	const char *word = q->values[0];
	if (!str_is(word, "-") && !strpbrk(word, "./") && access(word, F_OK) != 0) {
		cJSON_AddStringToObject(q->body, "preset", word);
		return true;
	}
	q->whole.data = read_file(q->arena, word, &q->whole.len, why);
	return q->whole.data != NULL;
}

static const struct verb_row rows[] = {
	{ .word = "show", .method = "GET", .path = STATE, .help = "the rows of the world",
	  .args = { { "--kind", "KIND", IN_QUERY, AS_TEXT, "kind", "only these, as in Snapshots", false },
	            { "--rev", "REV", IN_QUERY, AS_TEXT, "rev", "as of this revision", false } } },
	{ .word = "export", .method = "GET", .path = STATE "/export", .help = "the whole world, without keys", .as_it_is = true,
	  .args = { { "FILE|-", NULL, TO_FILE, AS_TEXT, NULL, "where to; default standard output", false },
	            { "--format", "sqlite|json", IN_QUERY, AS_TEXT, "format", "default sqlite", false } } },
	{ .word = "import", .method = "POST", .path = STATE "/import", .help = "a world that was exported, or a fixture",
	  .args = { { "FILE|-", NULL, IN_BODY, AS_WHOLE, NULL, "SQLite or JSON", true },
	            { "--strategy", "overwrite|merge", IN_QUERY, AS_TEXT, "strategy", "default overwrite", false } } },
	{ .word = "seed", .method = "POST", .path = "/_cbs/seed", .help = "merge a fixture or a preset into the world", .build = build_seed,
	  .args = { { "FILE|-|PRESET", NULL, IN_BUILD, AS_TEXT, NULL, "JSON; or default, empty, quota where no file is called so", true } } },
	{ .word = "seed-rng", .method = "POST", .path = "/_cbs/seed-rng", .help = "ids and RequestIds begin anew from a number",
	  .args = { { "NUMBER", NULL, IN_BODY, AS_VALUE, "seed", "same seed, same calls, same answers", true } } },
	{ .word = "finish", .method = "POST", .path = "/_cbs/resources/{id}/transition", .help = "end the transition a disk or snapshot is in",
	  .args = { { "RESOURCE", NULL, IN_PATH, AS_TEXT, "id", "as in disk-lzrg2pwi", true },
	            { "--to", "STATE", IN_BODY, AS_TEXT, "to", "where you expect it to go", false } } },
	{ .word = "checkpoints", .method = "GET", .path = CHECKPOINTS, .help = "the checkpoints there are",
	  .view = { .list = "snapshots", .empty = "none" } },
	{ .word = "checkpoint", .method = "PUT", .path = CHECKPOINTS "/{name}", .help = "keep the world as it is under a name",
	  .args = { NAME_ARG } },
	{ .word = "restore", .method = "POST", .path = CHECKPOINTS "/{name}/restore", .help = "go back to a checkpoint, clock included",
	  .args = { NAME_ARG } },
	{ .word = "forget", .method = "DELETE", .path = CHECKPOINTS "/{name}", .help = "delete a checkpoint", .args = { NAME_ARG } },
	{ .word = "revisions", .method = "GET", .path = "/_cbs/revisions", .help = "the changes that are kept, with --revisions",
	  .args = { { "--from", "REV", IN_QUERY, AS_TEXT, "from", "the last ones if not told", false },
	            { "--limit", "N", IN_QUERY, AS_TEXT, "limit", "default 100", false } },
	  .view = { .list = "revisions", .columns = { "rev", "at", "kind", "action", "request_id", "bytes" }, .empty = "none" } },
	{ .word = "diff", .method = "GET", .path = "/_cbs/revisions/diff", .help = "what differs between two of them",
	  .args = { { "--from", "REV", IN_QUERY, AS_TEXT, "from", "the first that is kept if not told", false },
	            { "--to", "REV", IN_QUERY, AS_TEXT, "to", "the last if not told", false } } },
	{ .word = "blame", .method = "GET", .path = "/_cbs/blame/{resource}", .help = "which of them shaped a disk or snapshot",
	  .args = { { "RESOURCE", NULL, IN_PATH, AS_TEXT, "resource", "as in disk-lzrg2pwi", true } },
	  .view = { .list = "revisions", .columns = { "rev", "at", "kind", "action", "request_id", "ended", "changes" }, .empty = "none" } },
	{ .word = "rewind", .method = "POST", .path = "/_cbs/rewind", .help = "the world as just after one; later ones are gone",
	  .args = { { "REV", NULL, IN_BODY, AS_VALUE, "rev", "number of the revision", true } } },
};

int cli_state(int argc, char **argv)
{
	static const struct verb verb = { "state", "What is in the world: look at it, take it out, put one in, keep moments of it.", rows,
	                                  sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
