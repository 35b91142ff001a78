/* life/statements — the lists of queries as the table that the store takes. */
#include "cases/life/life.h"

static const struct store_statement statements[LIFE_SQL_COUNT] = {
#define X(id, text, params_types, result_types, lite, pg) [LIFE_SQL_##id] = {.name = (text), .params = (params_types), .results = (result_types), .sqlite = (lite), .postgres = (pg)},
#include "cases/life/statements.def"
#undef X
};
const struct store_statements life_statements = {statements, LIFE_SQL_COUNT};

const struct store_statement *life_statement(enum life_statement which) { return &statements[which]; }
