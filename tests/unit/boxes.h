/* A mock with many sandboxes: what the tests of sandboxes share. The world, a place for sentences, and the usual ways to make, find and
 * use a sandbox; failures end the test. */
#ifndef CBSMOCK_TESTS_UNIT_BOXES_H
#define CBSMOCK_TESTS_UNIT_BOXES_H

#include "run.h"

#include "gateway/sandboxes.h"
#include "world.h"

#define DISK "{\"DiskId\":\"disk-lzrg2pwi\"}"
#define NEW_YEAR INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

extern struct test_world *boxes;
extern struct buf boxes_why;

/* Opens a mock in memory as `boxes`, and closes it. */
void boxes_open(void);
void boxes_close(void);

/* The next requests are signed with this key. */
void use_key(const char *id, const char *key);
/* A sandbox with the key of its name. */
enum sandbox_outcome try_make(const char *name, struct sandbox_plan plan);
void make(const char *name, struct sandbox_plan plan);
/* Plans. */
struct sandbox_plan from(const char *template);
struct sandbox_plan frozen_at(int64_t now_ms); /* seed 42 */
/* Held: the test releases it. */
struct sandbox *find(const char *name);
/* Settings as JSON. */
void set(const char *name, const char *json);

const char *member_text(const cJSON *object, const char *name);
int total(struct answer a);
/* As the key in use sees them. */
int snapshots(void);

/* A test case whose tests run between up and down. */
void add_group(Suite *suite, const char *name, void (*up)(void), void (*down)(void), const TTest *const *tests, size_t count);

#endif
