/* json_in — stage one of simdjson behind a C function: finds all tokens and checks UTF-8, a vector register at a time.
 *
 * Who uses it: json_tree.c. We take the index and not the on-demand front end above it, because that checks neither
 * number grammar nor text behind the document nor exact places of errors; the grammar is checked in C, over this index.
 * Invariant: no exception leaves (built without exceptions; allocation is std::nothrow). The best instruction set
 * is chosen at run time. The interface used is simdjson::internal::dom_parser_implementation of simdjson 3.
 */
#include "codec/json_index.h"

#include <memory>
#include <new>

#include <simdjson.h>

static_assert(simdjson::SIMDJSON_VERSION_MAJOR == 3, "check the interface of stage one");
static_assert(simdjson::SIMDJSON_PADDING <= JSON_INDEX_PADDING, "more padding is needed");

using parser = simdjson::internal::dom_parser_implementation;

static json_index_result result_of(simdjson::error_code error) noexcept {
    switch (error) {
    case simdjson::SUCCESS: return JSON_INDEX_GOOD;
    case simdjson::EMPTY: return JSON_INDEX_EMPTY;
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: return JSON_INDEX_NO_MEMORY;
    default: return JSON_INDEX_BAD_TEXT;
    }
}

extern "C" json_index_result json_index_make(const char *padded, size_t n, json_index *ret) {
    std::unique_ptr<parser> owner;
    simdjson::error_code error = simdjson::get_active_implementation()->create_dom_parser_implementation(n, 1, owner);
    if (!error) {
        error = owner->stage1(reinterpret_cast<const uint8_t *>(padded), n, simdjson::stage1_mode::regular);
    }
    if (!error) {
        ret->offsets = owner->structural_indexes.get();
        ret->count = owner->n_structural_indexes;
        ret->owner = owner.release();
    }
    return result_of(error);
}

extern "C" void json_index_done(json_index *index) {
    delete static_cast<parser *>(index->owner);
    *index = json_index{};
}
