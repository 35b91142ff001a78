/* edge — the right edge of a Merkle tree: one hash for each perfect subtree of the size, largest first.
 *
 * Who uses it: journal. Invariant: edge.count is the number of bits set in edge.size, and edge.hash[i] is the root of the leaves that the i-th set bit
 * (from the highest) covers, in order. Workload: each event appends one leaf; the root is asked once a group. Source: RFC 6962, section 2.1.
 */
#include <string.h>

#include "tlog/tlog.h"

static void node_hash(struct sha256 *h, const struct digest *left, const struct digest *right, struct digest *ret) {
    uint8_t bytes[1 + 2 * sizeof(left->b)] = {1};
    memcpy(bytes + 1, left->b, sizeof(left->b));
    memcpy(bytes + 1 + sizeof(left->b), right->b, sizeof(right->b));
    sha256_of(h, (struct str){(const char *)bytes, sizeof(bytes)}, ret);
}

static uint32_t bits_set(int64_t size) { return (uint32_t)__builtin_popcountll((uint64_t)size); }

void tlog_edge_append(struct sha256 *h, struct tlog_edge *e, const struct digest *leaf) {
    struct digest node = *leaf;
    CHECK(e->size >= 0 && e->size < INT64_MAX && e->count == bits_set(e->size));
    for (uint64_t full = (uint64_t)e->size; full & 1; full >>= 1) /* as a carry: two subtrees of a size make one */
        node_hash(h, &e->hash[--e->count], &node, &node);
    e->hash[e->count++] = node;
    e->size++;
}

void tlog_edge_root(struct sha256 *h, const struct tlog_edge *e, struct digest *ret) {
    if (e->count == 0) {
        sha256_of(h, STR(""), ret);
        return;
    }
    struct digest root = e->hash[e->count - 1];
    for (uint32_t i = e->count - 1; i-- > 0;) node_hash(h, &e->hash[i], &root, &root);
    *ret = root;
}

size_t tlog_edge_write(const struct tlog_edge *e, uint8_t out[TLOG_EDGE_BYTES_MAX]) {
    for (uint32_t i = 0; i < e->count; i++) memcpy(out + i * sizeof(e->hash[i].b), e->hash[i].b, sizeof(e->hash[i].b));
    return e->count * sizeof(e->hash[0].b);
}

bool tlog_edge_read(int64_t size, struct str bytes, struct tlog_edge *ret) {
    if (size < 0 || bytes.n != bits_set(size) * sizeof(ret->hash[0].b)) return false;
    struct tlog_edge e = {.size = size, .count = bits_set(size)};
    for (uint32_t i = 0; i < e.count; i++) memcpy(e.hash[i].b, bytes.p + i * sizeof(e.hash[i].b), sizeof(e.hash[i].b));
    *ret = e;
    return true;
}
