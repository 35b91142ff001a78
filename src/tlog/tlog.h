/* tlog — the Merkle log's growing edge (RFC 6962 shape): append a leaf hash, know size and root.
 *
 * Who uses it: journal (the head row). Proofs, tiles and checkpoints come with the trust issue. Pure.
 * Invariant: edge.hash[i] is the root of the i-th perfect subtree of the current size, largest first; node = SHA-256(0x01 ‖ left ‖ right);
 * the root of size 0 is SHA-256 of nothing.
 */
#ifndef YIJIE_TLOG_H
#define YIJIE_TLOG_H

#include "base/base.h"
#include "crypto/crypto.h"

struct tlog_edge {
    int64_t size;
    uint32_t count;            /* bits set in size */
    struct digest hash[63];
};
void tlog_edge_append(struct sha256 *h, struct tlog_edge *e, const struct digest *leaf); /* amortised one node hash */
void tlog_edge_root(struct sha256 *h, const struct tlog_edge *e, struct digest *ret);
/* Bytes of an edge for the head row: count × 32, largest subtree first. */
enum { TLOG_EDGE_BYTES_MAX = 63 * 32 };
size_t tlog_edge_write(const struct tlog_edge *e, uint8_t out[TLOG_EDGE_BYTES_MAX]);
bool tlog_edge_read(int64_t size, struct str bytes, struct tlog_edge *ret); /* false: count does not fit the size */

#endif
