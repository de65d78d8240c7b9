/* The yardstick: the same HTTP library, the same settings, one constant answer. What cbsmock costs is told as a multiple of this, in
 * the same run, so that the machine's speed does not show. With a path to the schema it also opens SQLite: a start to compare with. */
#include <microhttpd.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char constant[] = "{\"Response\":{\"SnapshotId\":\"snap-00000000\",\"RequestId\":\"00000000-0000-4000-8000-000000000000\"}}";

static struct MHD_Response *response;

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **state)
{
	static int started;
	(void)cls, (void)url, (void)method, (void)version, (void)upload;
	if (!*state) {
		*state = &started;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static sqlite3 *open_schema(const char *path)
{
	static char text[1 << 20];
	sqlite3 *db = NULL;
	FILE *file = fopen(path, "r");
	if (!file)
		return NULL;
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	if (sqlite3_open(":memory:", &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "bare: %s: %s\n", path, sqlite3_errmsg(db));
		exit(2);
	}
	return db;
}

int main(int argc, char **argv)
{
	sigset_t stop;
	int signal_number;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sqlite3 *db = argc > 1 ? open_schema(argv[1]) : NULL;
	response = MHD_create_response_from_buffer(strlen(constant), constant, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "Content-Type", "application/json");
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 * 1024, MHD_OPTION_END);
	if (!daemon)
		return 2;
	printf("bare ready http://127.0.0.1:%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	sigwait(&stop, &signal_number);
	MHD_stop_daemon(daemon);
	MHD_destroy_response(response);
	sqlite3_close(db);
	return 0;
}
