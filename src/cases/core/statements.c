/* cases/core/statements — the statements of the working set as the table that the store takes. */
#include "cases/core/set_inside.h"

static const struct store_statement statements[SET_STATEMENT_COUNT] = {
#define X(id, text, params_types, result_types, is_hot, lite, pg) \
    [SET_##id] = {.name = (text), .params = (params_types), .results = (result_types), .sqlite = (lite), .postgres = (pg), .hot = (is_hot)},
#include "cases/core/statements.def"
#undef X
};
const struct store_statements cases_statements = {statements, SET_STATEMENT_COUNT};

const struct store_statement *set_statement(enum set_statement which) { return &statements[which]; }
