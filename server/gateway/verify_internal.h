/* Shared by the assertions: reading questions under closed lists of fields. */
#ifndef CBSMOCK_GATEWAY_VERIFY_INTERNAL_H
#define CBSMOCK_GATEWAY_VERIFY_INTERNAL_H

#include "gateway/verify.h"

/* False, with why, when the object has a member that is not among the NULL-ended names. `pointer` is where it stands. */
bool only_fields(struct arena *a, const cJSON *object, const char *const *names, const char *pointer, struct match_refusal *why);
/* The member of that name; NULL when absent. */
const cJSON *field(const cJSON *object, const char *name);
/* Always false. */
bool refuse_question(struct match_refusal *why, const char *pointer, const char *sentence);
/* The kept entry that differs least from the match, among those from `first` on that do not match; "nearest_miss" is left out
 * when none has anything in common with it. */
void write_nearest(struct json_out *o, struct arena *a, const struct journal_list *list, size_t first, const struct match *m);

#endif
