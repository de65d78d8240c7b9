/* The soft limit is mostly 1024, for programs that still select(); so it is raised to what the settings ask for, and no further. Where the
 * hard limit is lower, connections make do with less, and worlds that come too late are refused. */
#include "http/files.h"

#include <stdbool.h>
#include <sys/resource.h>

#include "http/linger.h"
#include "http/loop.h"
#include "util/log.h"

enum { BESIDE = 64 }; /* listeners, timers, standard streams, and files that are open for a moment */

/* What is needed whatever there are of connections and worlds. */
static rlim_t rest(const struct files_need *need)
{
	rlim_t lingering = (rlim_t)need->ports * LINGERS_MAX;
	return BESIDE + (rlim_t)need->loops * LOOP_FILES + (lingering > need->loops ? lingering : need->loops);
}

/* The soft limit, raised to `wanted` if it is lower and may be. */
static bool raise_to(rlim_t wanted, rlim_t *now)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return false;
	if (files.rlim_cur < wanted) {
		files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	*now = files.rlim_cur;
	return true;
}

unsigned files_allow(const struct files_need *need)
{
	rlim_t beside = rest(need), limit, all = (rlim_t)need->connections * need->ports + beside;
	if (!raise_to(all + need->worlds, &limit) || limit >= all + need->worlds)
		return need->connections;
	if (limit >= all) {
		log_say(LOG_INFO, "%zu of the files that the worlds of --data may need cannot be open: the limit of open files is %llu",
		        (size_t)(all + need->worlds - limit), (unsigned long long)limit);
		return need->connections;
	}
	unsigned left = (unsigned)((limit - (limit > 2 * beside ? beside : limit / 2)) / need->ports);
	log_say(LOG_WARN, "max-connections is %u, not %u: the limit of open files is %llu", left, need->connections,
	        (unsigned long long)limit);
	return left;
}

void files_allow_worlds(const struct files_need *need)
{
	rlim_t now;
	raise_to((rlim_t)need->connections * need->ports + rest(need) + need->worlds, &now);
}
