/* currency — the ISO 4217 table. Invariant: in order of the letters, checked by the tests. */
#include <string.h>

#include "money/money.h"

static const struct currency currencies[] = {
#define CURRENCY(letters, number, digits, zh, en) {#letters, number, digits, zh, en},
#include "money/currencies.def"
#undef CURRENCY
};

const struct currency *currency_at(size_t index) {
    return index < COUNT_OF(currencies) ? &currencies[index] : NULL;
}

const struct currency *currency_find(struct str code) {
    if (code.n != 3) return NULL;
    size_t low = 0, high = COUNT_OF(currencies);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(code.p, currencies[middle].code, 3);
        if (order == 0) return &currencies[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}
