/* cases/core/products — libraries by day and by digest; what the load of a set needs beyond set.h. Internal to the room. */
#ifndef YIJIE_CASES_PRODUCTS_H
#define YIJIE_CASES_PRODUCTS_H

#include "cases/set.h"

/* A text of a library, as its manifest names it. */
struct library_text {
    enum registry_world_kind kind;
    struct str name, text;
    struct digest hash;
};
/* "plan NAME HASH\n" … sorted: the body of the library's own text, whose SHA-256 names it. */
struct str cases_library_manifest(const struct cases_library *l);
/* Compiles. Plans that do not pass the check are left out, and so are chains that name one. */
struct status cases_library_build(const struct library_text *texts, uint32_t count, bool allow_doubtful, struct cases_library **ret);
struct cases_library *cases_library_hold(struct cases_library *l);
void cases_library_release(struct cases_library *l);
/* Manifest to names and hashes (texts empty). False: not one of ours. */
bool cases_manifest_read(struct arena *a, struct str manifest, struct library_text **ret, uint32_t *ret_count);
/* Puts a recorded library beside those of the world; keeps its own reference. */
struct status cases_products_add(struct cases_products *p, struct cases_library *l);
bool cases_products_doubtful(const struct cases_products *p);

#endif
