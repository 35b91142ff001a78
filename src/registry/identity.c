/* identity — identity numbers, and how a number becomes a look-up.
 *
 * Who uses it: reading of changes, deciding, cases (registry_person_lookup). Invariant: one person's number gives one look-up, whatever the case of its
 * letters; numbers never appear outside the keyed hash. Source: GB 11643 (17 digits and a check digit; places 7–14 the birth date, place 17 odd: male).
 */
#include <string.h>

#include "registry/internal.h"

static bool check_digit(struct str id) {
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char checks[] = "10X98765432";
    if (id.n != 18) return false;
    int sum = 0;
    for (size_t i = 0; i < 17; i++) {
        if (id.p[i] < '0' || id.p[i] > '9') return false;
        sum += weights[i] * (id.p[i] - '0');
    }
    return id.p[17] == checks[sum % 11];
}

static int digits(const char *p, int n) {
    int v = 0;
    for (int i = 0; i < n; i++) v = v * 10 + (p[i] - '0');
    return v;
}

bool registry_resident_id(struct str id, struct day *ret_born, enum bill_sex *ret_sex) {
    if (!check_digit(id)) return false;
    int year = digits(id.p + 6, 4);
    struct day born = day_from_civil(year, digits(id.p + 10, 2), digits(id.p + 12, 2));
    if (!day_is(born) || year < 1800) return false;
    *ret_born = born;
    *ret_sex = (id.p[16] - '0') % 2 == 1 ? BILL_SEX_MALE : BILL_SEX_FEMALE;
    return true;
}

/* ASCII letters as capitals; everything else as it is. */
static void capitals_add(struct buf *b, struct str s) {
    for (size_t i = 0; i < s.n; i++) buf_add_char(b, s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 'a' + 'A') : s.p[i]);
}

static void lookup_of(const struct journal_keys *keys, struct str kind, const struct buf *number, struct id128 *ret) {
    CHECK(!number->failed);
    struct digest d;
    journal_lookup(keys, kind, buf_view(number), &d);
    memcpy(ret->b, d.b, sizeof ret->b);
}

enum { NUMBER_BYTES = 2 * LIMIT_BILL_CODE_BYTES + LIMIT_BILL_NAME_BYTES + 64 };

void registry_person_lookup(const struct journal_keys *keys, const struct bill_person *p, struct str hospital, struct id128 *ret) {
    struct buf b;
    buf_init(&b, NUMBER_BYTES);
    capitals_add(&b, p->id);
    if (str_eq(p->id_kind, STR("unknown"))) {
        buf_add_char(&b, '\0');
        buf_add(&b, hospital);
    } else if (str_eq(p->id_kind, STR("newborn"))) {
        char born[11];
        size_t n = day_format(p->born, born);
        buf_add_char(&b, '\0');
        buf_add(&b, (struct str){born, n});
        buf_add_char(&b, '\0');
        buf_add(&b, p->name);
    }
    lookup_of(keys, p->id_kind, &b, ret);
    buf_done(&b);
}

void registry_family_lookup(const struct journal_keys *keys, struct str plan, struct str family, struct id128 *ret) {
    struct buf b;
    buf_init(&b, NUMBER_BYTES);
    buf_add(&b, plan);
    buf_add_char(&b, '\0');
    buf_add(&b, family);
    lookup_of(keys, STR("family"), &b, ret);
    buf_done(&b);
}
