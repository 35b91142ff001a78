/* cases/core/load — what the files of a load share. Internal to the room. */
#ifndef YIJIE_CASES_LOAD_H
#define YIJIE_CASES_LOAD_H

#include "cases/core/set_inside.h"

struct loading {
    struct cases_set *set;
    struct store_connection *connection;
    struct arena *scratch;
};
/* The waiting entries of a table, with room for `width` parameters each. */
struct load_wishes {
    struct set_entry **entries;
    struct store_value *params;
    uint32_t count, width;
};
struct status load_wishes_gather(struct loading *l, struct set_table *t, uint32_t width, struct load_wishes *ret);
void load_wishes_end(struct set_table *t, const struct load_wishes *w); /* what no row answered is absent */

struct status load_quotes(struct loading *l);    /* load_quotes.c: from the table or the desk's memory */
struct status load_libraries(struct loading *l); /* … and the texts of recorded libraries, compiled */

#endif
