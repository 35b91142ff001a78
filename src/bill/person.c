/* person — the person of a bill, without ever repeating a number or name of theirs in a message.
 *
 * Who uses it: parse.c. Invariant: exactly one way of naming the person: a certificate (id_kind with id), the hospital's
 * number of somebody unknown, or a newborn of a mother. Source of the check digit: GB 11643.
 */
#include "bill/reader.h"

enum { ID_KIND, ID, NAME, BORN, SEX, UNKNOWN, NEWBORN_OF };
static const char *const person_names[] = {"id_kind", "id", "name", "born", "sex", "unknown", "newborn_of"};
static const struct bill_shape person_shape = {person_names, COUNT_OF(person_names), 0};

enum { ID_KIND_BYTES = 6 }; /* psn_cert_type C6; our own two words are longer, so they cannot clash */

bool bill_resident_id_check(struct str id) {
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

static void certificate_read(struct bill_reader *r, const struct bill_object *p, struct bill_person *person) {
    static const uint32_t needed[] = {ID_KIND, ID};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        struct bill_place at = bill_member_place(p, needed[i]);
        if (!bill_has(p, needed[i])) BILL_FIND(r, &at, MEMBER_MISSING, bill_arg_text(str_from(person_names[needed[i]])));
    }
    bool kind_read = bill_read_text(r, p, ID_KIND, ID_KIND_BYTES, &person->id_kind);
    bool id_read = bill_read_text(r, p, ID, LIMIT_BILL_CODE_BYTES, &person->id);
    struct bill_place id_at = bill_member_place(p, ID), kind_at = bill_member_place(p, ID_KIND);
    if (kind_read && person->id_kind.n == 0) bill_find_plain(r, &kind_at, BILL_FINDING_TEXT_EMPTY);
    if (id_read && person->id.n == 0) bill_find_plain(r, &id_at, BILL_FINDING_TEXT_EMPTY);
    if (kind_read && id_read && str_eq(person->id_kind, STR("01")) && person->id.n > 0 && !bill_resident_id_check(person->id))
        bill_find_plain(r, &id_at, BILL_FINDING_ID_CHECK);
}

static void stand_in_read(struct bill_reader *r, const struct bill_object *p, struct bill_person *person) {
    uint32_t member = bill_has(p, UNKNOWN) ? UNKNOWN : NEWBORN_OF;
    person->id_kind = member == UNKNOWN ? STR("unknown") : STR("newborn");
    struct bill_place at = bill_member_place(p, member);
    if (bill_read_text(r, p, member, LIMIT_BILL_CODE_BYTES, &person->id) && person->id.n == 0)
        bill_find_plain(r, &at, BILL_FINDING_TEXT_EMPTY);
}

void bill_person_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    if (!bill_has(o, BILL_M_PERSON)) return;
    struct bill_place at = bill_member_place(o, BILL_M_PERSON);
    struct bill_object p;
    if (!bill_object_open(r, &at, o->node[BILL_M_PERSON], &person_shape, &p)) return;
    bool certificate = bill_has(&p, ID_KIND) || bill_has(&p, ID);
    int ways = (int)certificate + (int)bill_has(&p, UNKNOWN) + (int)bill_has(&p, NEWBORN_OF);
    if (ways > 1) bill_find_plain(r, &at, BILL_FINDING_PERSON_SHAPE);
    else if (bill_has(&p, UNKNOWN) || bill_has(&p, NEWBORN_OF)) stand_in_read(r, &p, &b->person);
    else certificate_read(r, &p, &b->person);

    (void)bill_read_text(r, &p, NAME, LIMIT_BILL_NAME_BYTES, &b->person.name);
    uint8_t sex = BILL_SEX_UNKNOWN;
    (void)bill_read_word(r, &p, SEX, BILL_VOCABULARY_SEX, &sex);
    b->person.sex = (enum bill_sex)sex;
    struct day latest = bill_has(&p, NEWBORN_OF) ? b->to : b->from; /* a newborn may be born during the mother's stay */
    if (bill_read_day(r, &p, BORN, &b->person.born) && day_is(latest) && b->person.born.v > latest.v) {
        struct bill_place born_at = bill_member_place(&p, BORN);
        bill_find_plain(r, &born_at, BILL_FINDING_BORN_AFTER);
    }
}
