/* support — what the unit tests of this room share: bills as short texts, and their verdicts.
 *
 * Texts are written with ' for " so that tables stay readable.
 */
#ifndef YIJIE_BILL_TESTS_SUPPORT_H
#define YIJIE_BILL_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "bill/bill.h"

/* The required members but the person and the lines; a stay of August 2022. */
#define PLACE_AND_TIME                                                                                        \
    "'bill':'B1','hospital':'H1','region':'410500','visit':'inpatient','from':'2022-08-01','to':'2022-08-15','currency':'CNY'"
#define PERSON "'person':{'id_kind':'99','id':'X1'}"
#define HEAD PLACE_AND_TIME "," PERSON
#define PARTS(a, b, c, d) "'own_full':" #a ",'over_limit':" #b ",'own_first':" #c ",'in_scope':" #d
#define LINE(number, amount, parts) "{'line':" #number ",'code':'C1','amount':" #amount "," parts "}"
#define ONE_LINE "'lines':[" LINE(1, 1000, PARTS(100, 200, 300, 400)) "]"
/* A good bill with one more member. */
#define WITH(member) "{" HEAD "," ONE_LINE "," member "}"
#define WITH_LINES(lines) "{" HEAD ",'lines':[" lines "]}"

enum { TEST_ARENA_BYTES = 256 * 1024 * 1024 };

static inline struct str json_of(struct arena *a, const char *text) {
    struct str copy = arena_str(a, str_from(text));
    char *p = ARENA_ARRAY(a, char, copy.n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < copy.n; i++) p[i] = copy.p[i] == '\'' ? '"' : copy.p[i];
    return (struct str){p, copy.n};
}

/* Reads a bill that must be good. */
static inline const struct bill *good_bill(struct arena *a, const char *text) {
    const struct bill *b = NULL;
    struct status s = bill_parse(a, json_of(a, text), &b);
    if (status_failed(s)) print_error("%s at %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    assert_false(status_failed(s));
    assert_non_null(b);
    return b;
}

static inline const struct error *bad_bill(struct arena *a, const char *text) {
    const struct bill *b = NULL;
    struct status s = bill_parse(a, json_of(a, text), &b);
    if (!status_failed(s)) print_error("accepted: %s\n", text);
    assert_true(status_failed(s));
    assert_null(b); /* outputs stay untouched on failure */
    return s.err;
}

static inline uint32_t chain_length(const struct error *e) {
    uint32_t n = 0;
    for (; e; e = e->next) n++;
    return n;
}

static inline const struct error *chain_find(const struct error *e, const char *code) {
    while (e && strcmp(e->code, code) != 0) e = e->next;
    return e;
}

static inline void assert_str(struct str got, const char *want) {
    if (!str_eq(got, str_from(want))) print_error("got \"%.*s\", want \"%s\"\n", STR_FMT(got), want);
    assert_true(str_eq(got, str_from(want)));
}

#endif
