/* cli/compare_map — which column of a claims file is what: our own names, or an operator's through a map.
 *
 * Without a map every column must be known, so that a misspelt one is not silently left out. With a map, columns that it does not name and that are not
 * ours are left aside.
 */
#include "cli/compare.h"
#include "cli/files.h"

#include <string.h>

enum { MAP_BYTES = 1 << 20, UNITS_MAX = 64 };

const char *compare_column_name(enum compare_column_id id)
{
    static const struct {
        const char *name;
    } columns[COMPARE_COLUMN_COUNT] = {
#define X(id, name) [COMPARE_##id] = {name},
        COMPARE_COLUMNS(X)
#undef X
    };
    return columns[id].name;
}

struct map_work {
    struct cli *c;
    const struct csv *csv;
    const struct settle_chain *chain;
    const struct json *columns, *words, *constants; /* NULL: none */
    struct compare_columns *ret;
    const struct error *first;
    struct error *last;
    const char *map_path;
};

/* Chains a finding; several are told at once. */
static void find(struct map_work *w, const char *code, struct str place, const char *zh, const char *en, struct str about, struct str hint_zh, struct str hint_en)
{
    struct error *e = ARENA_NEW(w->c->arena, struct error);
    if (!e) return;
    *e = (struct error){.code = code, .place = place, .zh = arena_printf(w->c->arena, "%s：%.*s", zh, STR_FMT(about)),
        .en = arena_printf(w->c->arena, "%s: %.*s", en, STR_FMT(about)), .hint_zh = hint_zh, .hint_en = hint_en};
    if (w->last) w->last->next = e;
    else w->first = e;
    w->last = e;
}

static struct str names_known(struct map_work *w, bool zh)
{
    struct buf b;
    buf_init(&b, MAP_BYTES);
    buf_add_cstr(&b, zh ? "可用的列：" : "the columns are: ");
    for (size_t i = 0; i < COMPARE_COLUMN_COUNT; i++) buf_printf(&b, "%s ", compare_column_name((enum compare_column_id)i));
    buf_add_cstr(&b, "fact:… fund:… paid:…");
    const struct str s = arena_str(w->c->arena, buf_view(&b));
    buf_done(&b);
    return s;
}

/* ---- what was paid to whom --------------------------------------------------------------------------------------- */

/* "inpatient", "huhuibao-2023" or "huhuibao-2023.inpatient". */
static bool unit_find(const struct map_work *w, struct str name, struct compare_unit *ret)
{
    bool found = false;
    for (uint32_t i = 0; i < w->chain->payer_count; i++) {
        const struct settle_product *product = w->chain->payers[i].product;
        if (!product) continue;
        struct str rest = name;
        if (str_eq(name, product->about.name)) {
            ret->product = (int32_t)i;
            ret->benefit = -1;
            return true;
        }
        const size_t n = product->about.name.n;
        if (str_starts(name, product->about.name) && name.n > n && name.p[n] == '.') rest = (struct str){name.p + n + 1, name.n - n - 1};
        for (uint32_t b = 0; b < product->about.benefit_count && !found; b++) {
            if (!str_eq(rest, product->benefits[b].name)) continue;
            ret->product = (int32_t)i;
            ret->benefit = (int32_t)b;
            found = true;
        }
    }
    return found;
}

static void unit_add(struct map_work *w, struct str column, struct str paid_to, struct compare_source source)
{
    struct compare_unit unit = {.name = column, .source = source, .product = -1, .benefit = -1};
    if (paid_to.n > 0 && !unit_find(w, paid_to, &unit)) {
        find(w, "claim-column-paid", column, "支付链上没有这个计划或责任", "the chain has no plan or benefit of this name", paid_to,
             STR("写作 paid:责任名、paid:计划名 或 paid:计划名.责任名"), STR("write paid:BENEFIT, paid:PLAN or paid:PLAN.BENEFIT"));
        return;
    }
    if (w->ret->unit_count == UNITS_MAX) return;
    struct compare_unit *slot = ARENA_PUSH(w->c->arena, w->ret->units, w->ret->unit_count, w->ret->unit_cap);
    CHECK(slot);
    *slot = unit;
}

/* ---- one column ------------------------------------------------------------------------------------------------------ */

static bool named_add(struct map_work *w, struct str ours, struct str prefix, struct compare_named **items, uint32_t *count, uint32_t *cap,
                      struct compare_source source)
{
    if (!str_starts(ours, prefix)) return false;
    struct compare_named *slot = ARENA_PUSH(w->c->arena, *items, *count, *cap);
    CHECK(slot);
    *slot = (struct compare_named){{ours.p + prefix.n, ours.n - prefix.n}, source};
    return true;
}

/* Takes one column under our name. False: there is none of this name. */
static bool column_take(struct map_work *w, struct str ours, struct compare_source source)
{
    struct compare_columns *r = w->ret;
    source.given = true;
    source.words = w->words ? json_get(w->words, ours) : NULL;
    if (named_add(w, ours, STR("fact:"), &r->facts, &r->fact_count, &r->fact_cap, source)) return true;
    if (named_add(w, ours, STR("fund:"), &r->funds, &r->fund_count, &r->fund_cap, source)) return true;
    if (str_starts(ours, STR("paid:"))) {
        unit_add(w, ours, (struct str){ours.p + 5, ours.n - 5}, source);
        return true;
    }
    for (size_t i = 0; i < COMPARE_COLUMN_COUNT; i++) {
        if (!str_eq(ours, str_from(compare_column_name((enum compare_column_id)i)))) continue;
        r->of[i] = source;
        if (i == COMPARE_PAID) unit_add(w, ours, STR(""), source);
        return true;
    }
    return false;
}

static bool is_mapped(const struct map_work *w, struct str theirs)
{
    for (uint32_t i = 0; w->columns && i < w->columns->count; i++) {
        if (str_eq(w->columns->items[i].text, theirs)) return true;
    }
    return false;
}

static void csv_columns_take(struct map_work *w)
{
    for (uint32_t i = 0; i < w->csv->name_count; i++) {
        const struct str name = w->csv->names[i];
        if (is_mapped(w, name)) continue;
        if (w->columns && json_get(w->columns, name)) continue; /* our name, but the map takes it from another column */
        if (column_take(w, name, (struct compare_source){.index = i}) || w->map_path) continue;
        find(w, "claim-column-unknown", STR("1"), "不认识的列", "unknown column", name, names_known(w, true), names_known(w, false));
    }
}

static void map_columns_take(struct map_work *w)
{
    for (uint32_t i = 0; w->columns && i < w->columns->count; i++) {
        uint32_t index = 0;
        const struct str ours = w->columns->names[i], theirs = w->columns->items[i].text;
        if (w->columns->items[i].kind != JSON_STRING || !csv_find(w->csv, theirs, &index)) {
            find(w, "map-column-absent", str_from(w->map_path), "文件中没有这一列", "the file has no such column", theirs, STR("核对对应表与表头"), STR("check the map and the header"));
        } else if (!column_take(w, ours, (struct compare_source){.index = index})) {
            find(w, "map-column-unknown", str_from(w->map_path), "不认识的列", "unknown column", ours, names_known(w, true), names_known(w, false));
        }
    }
    for (uint32_t i = 0; w->constants && i < w->constants->count; i++) {
        const struct json *v = &w->constants->items[i];
        const struct compare_source source = {.constant = true, .text = v->text};
        if (v->kind != JSON_STRING || !column_take(w, w->constants->names[i], source)) {
            find(w, "map-column-unknown", str_from(w->map_path), "不认识的常量", "unknown constant", w->constants->names[i], names_known(w, true), names_known(w, false));
        }
    }
}

/* ---- the map ------------------------------------------------------------------------------------------------------------ */

static struct status map_error(struct map_work *w, const char *zh, const char *en, struct str name)
{
    return status_error(w->c->arena, (struct error){.code = "map-member", .place = str_from(w->map_path),
        .zh = arena_printf(w->c->arena, "%s：%.*s", zh, STR_FMT(name)), .en = arena_printf(w->c->arena, "%s: %.*s", en, STR_FMT(name)),
        .hint_zh = STR("成员为 columns、words、constants（对象）和 unit（yuan 或 fen）"),
        .hint_en = STR("members are columns, words, constants (objects) and unit (yuan or fen)")});
}

static bool words_are_texts(const struct json *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (words->items[i].kind != JSON_OBJECT) return false;
        for (uint32_t k = 0; k < words->items[i].count; k++) {
            if (words->items[i].items[k].kind != JSON_STRING) return false;
        }
    }
    return true;
}

static struct status map_read(struct map_work *w)
{
    struct str text;
    const struct json *map = NULL;
    TRY(cli_file_read(w->c, w->map_path, MAP_BYTES, &text));
    TRY(json_parse(w->c->arena, text, &map));
    if (map->kind != JSON_OBJECT) return map_error(w, "对应表应为一个 JSON 对象", "a map is one JSON object", STR(""));
    for (uint32_t i = 0; i < map->count; i++) {
        const struct json *v = &map->items[i];
        const struct str name = map->names[i];
        const bool object = v->kind == JSON_OBJECT;
        if (object && str_eq(name, STR("columns"))) w->columns = v;
        else if (object && str_eq(name, STR("words")) && words_are_texts(v)) w->words = v;
        else if (object && str_eq(name, STR("constants"))) w->constants = v;
        else if (str_eq(name, STR("unit")) && (str_eq(v->text, STR("fen")) || str_eq(v->text, STR("yuan")))) w->ret->fen = str_eq(v->text, STR("fen"));
        else return map_error(w, "不认识或类型不符的成员", "a member that is unknown or of a wrong type", name);
    }
    return STATUS_OK;
}

static void needed_check(struct map_work *w)
{
    static const enum compare_column_id needed[] = {COMPARE_CLAIM, COMPARE_FROM, COMPARE_REGION};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        if (w->ret->of[needed[i]].given) continue;
        find(w, "claim-column-missing", STR("1"), "缺少必需的列", "a column is missing", str_from(compare_column_name(needed[i])),
             STR("加上这一列，或在 --map 的 constants 中给出"), STR("add it, or give it in the constants of --map"));
    }
    if (w->ret->unit_count == 0 && !w->first) {
        find(w, "claim-column-missing", STR("1"), "没有实付金额的列", "no column says what was paid", STR("paid"),
             STR("加上 paid，或 paid:责任名"), STR("add paid, or paid:BENEFIT"));
    }
}

struct status compare_columns_read(struct cli *c, const struct csv *csv, const char *map_path, const struct settle_chain *chain, struct compare_columns *ret)
{
    *ret = (struct compare_columns){.by_line = false};
    struct map_work w = {.c = c, .csv = csv, .chain = chain, .ret = ret, .map_path = map_path};
    if (map_path) TRY(map_read(&w));
    csv_columns_take(&w);
    map_columns_take(&w);
    needed_check(&w);
    if (w.first) return (struct status){w.first};
    ret->by_line = ret->of[COMPARE_CODE].given;
    return STATUS_OK;
}

struct str compare_value(const struct compare_source *source, const struct csv_row *row)
{
    if (!source->given) return STR("");
    const struct str text = source->constant ? source->text : row->fields[source->index];
    const struct json *ours = source->words ? json_get(source->words, text) : NULL;
    return ours ? ours->text : text;
}
