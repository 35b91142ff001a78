/* http/listen — sockets to listen on: TCP addresses and Unix sockets, read strictly (no names: nothing is asked of a resolver).
 *
 * Who uses it: server.c. Invariants: a Unix socket has its mode before it can be found; a socket file of a living server is never taken away.
 */
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

union place {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

static bool port_parse(struct str s, uint16_t *ret)
{
    uint32_t n = 0;
    if (s.n == 0 || s.n > 5) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        n = n * 10 + (uint32_t)(s.p[i] - '0');
    }
    if (n > UINT16_MAX) return false;
    *ret = (uint16_t)n;
    return true;
}

/* "127.0.0.1:8642" or "[::1]:8642". */
static bool tcp_parse(struct str address, union place *ret, socklen_t *ret_n)
{
    char host[64];
    size_t colon = address.n;
    while (colon > 0 && address.p[colon - 1] != ':') colon--;
    uint16_t port = 0;
    if (colon < 2 || !port_parse((struct str){address.p + colon, address.n - colon}, &port)) return false;
    struct str h = {address.p, colon - 1};
    const bool six = h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']';
    if (six) h = (struct str){h.p + 1, h.n - 2};
    if (h.n >= sizeof host) return false;
    memcpy(host, h.p, h.n);
    host[h.n] = 0;
    memset(ret, 0, sizeof *ret);
    if (six) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons(port);
        *ret_n = sizeof ret->v6;
        return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1;
    }
    ret->v4.sin_family = AF_INET;
    ret->v4.sin_port = htons(port);
    *ret_n = sizeof ret->v4;
    return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

static bool unix_parse(struct str address, union place *ret, struct str *ret_path)
{
    const struct str scheme = STR("unix:");
    if (!str_starts(address, scheme)) return false;
    const struct str path = {address.p + scheme.n, address.n - scheme.n};
    memset(ret, 0, sizeof *ret);
    if (path.n == 0 || path.n >= sizeof ret->un.sun_path || memchr(path.p, 0, path.n)) return false;
    ret->un.sun_family = AF_UNIX;
    memcpy(ret->un.sun_path, path.p, path.n);
    *ret_path = path;
    return true;
}

struct status http_address_check(struct arena *a, struct str address, bool *ret_wide)
{
    union place p;
    socklen_t n = 0;
    struct str path;
    if (str_starts(address, STR("unix:"))) {
        if (!unix_parse(address, &p, &path)) return http_fail(a, HTTP_ERROR_LISTEN_ADDRESS, address, 0);
        *ret_wide = false;
        return STATUS_OK;
    }
    if (!tcp_parse(address, &p, &n)) return http_fail(a, HTTP_ERROR_LISTEN_ADDRESS, address, 0);
    const bool loopback = p.any.sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&p.v6.sin6_addr) : (ntohl(p.v4.sin_addr.s_addr) >> 24) == 127;
    *ret_wide = !loopback;
    return STATUS_OK;
}

static struct status listen_failed(struct arena *a, struct str address, int fd, int number)
{
    if (fd >= 0) (void)close(fd);
    const enum http_error e = number == EADDRINUSE ? HTTP_ERROR_LISTEN_IN_USE : number == EACCES || number == EPERM ? HTTP_ERROR_LISTEN_DENIED : HTTP_ERROR_LISTEN;
    return http_fail(a, e, address, number);
}

/* True when somebody answers at the socket. */
static bool unix_alive(const union place *p)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* tidy-ok call-system: the seam to sockets is this file */
    if (fd < 0) return true;
    const int failed = connect(fd, &p->any, sizeof p->un); /* tidy-ok call-system: the seam to sockets is this file */
    const bool dead = failed != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return !dead;
}

static struct status unix_listen(struct arena *a, const struct http_listener *l, const union place *p, struct str path, struct http_socket *ret)
{
    struct stat st;
    struct str folder = path;
    while (folder.n > 0 && folder.p[folder.n - 1] != '/') folder.n--;
    if (l->own_folder) {
        folder = arena_str(a, folder);
        if (!folder.p) return status_memory();
        const int made = mkdir(folder.p, 0700); /* tidy-ok call-system: the seam to sockets is this file */
        if (made != 0) return listen_failed(a, l->address, -1, errno);
        ret->folder = folder;
    }
    if (lstat(p->un.sun_path, &st) == 0) { /* tidy-ok call-system: the seam to sockets is this file */
        if (!S_ISSOCK(st.st_mode) || (!l->may_replace && unix_alive(p))) return listen_failed(a, l->address, -1, EADDRINUSE);
        (void)unlink(p->un.sun_path); /* tidy-ok call-system: the seam to sockets is this file */
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* tidy-ok call-system: the seam to sockets is this file */
    if (fd < 0) return listen_failed(a, l->address, -1, errno);
    /* The mode of the socket file is that of the descriptor at bind: it is never open to others, not for a moment. */
    if (fchmod(fd, (mode_t)(l->mode ? l->mode : 0600)) != 0) return listen_failed(a, l->address, fd, errno);
    const int bound = bind(fd, &p->any, sizeof p->un); /* tidy-ok call-system: the seam to sockets is this file */
    if (bound != 0) return listen_failed(a, l->address, fd, errno);
    (void)chmod(p->un.sun_path, (mode_t)(l->mode ? l->mode : 0600)); /* the umask may have taken bits away */
    ret->unix_path = arena_str(a, path);
    ret->address = arena_str(a, l->address);
    ret->fd = fd;
    return ret->unix_path.p && ret->address.p ? STATUS_OK : status_memory();
}

static struct status tcp_listen(struct arena *a, const struct http_listener *l, const union place *p, socklen_t n, struct http_socket *ret)
{
    const int fd = socket(p->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* tidy-ok call-system: the seam to sockets is this file */
    if (fd < 0) return listen_failed(a, l->address, -1, errno);
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* without it a restart waits for old connections; binding still tells */
    if (p->any.sa_family == AF_INET6) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    const int bound = bind(fd, &p->any, n); /* tidy-ok call-system: the seam to sockets is this file */
    if (bound != 0) return listen_failed(a, l->address, fd, errno);
    union place real = *p;
    socklen_t real_n = n;
    if (getsockname(fd, &real.any, &real_n) != 0) return listen_failed(a, l->address, fd, errno);
    const uint16_t port = ntohs(p->any.sa_family == AF_INET6 ? real.v6.sin6_port : real.v4.sin_port);
    size_t host_n = l->address.n;
    while (l->address.p[host_n - 1] != ':') host_n--;
    ret->address = arena_printf(a, "%.*s%u", (int)host_n, l->address.p, port);
    ret->fd = fd;
    return ret->address.p ? STATUS_OK : status_memory();
}

struct status http_listen(struct arena *a, const struct http_listener *l, struct http_socket *ret)
{
    union place p;
    socklen_t n = 0;
    struct str path;
    struct http_socket s = {.fd = -1, .unix_path = STR(""), .folder = STR("")};
    if (unix_parse(l->address, &p, &path)) {
        const struct status failed = unix_listen(a, l, &p, path, &s);
        if (status_failed(failed)) http_unlisten(&s);
        TRY(failed);
    } else if (!str_starts(l->address, STR("unix:")) && tcp_parse(l->address, &p, &n)) {
        TRY(tcp_listen(a, l, &p, n, &s));
    } else {
        return http_fail(a, HTTP_ERROR_LISTEN_ADDRESS, l->address, 0);
    }
    const int failed = listen(s.fd, BACKLOG); /* tidy-ok call-system: the seam to sockets is this file */
    const int number = errno;
    if (failed != 0) {
        http_unlisten(&s);
        return listen_failed(a, l->address, -1, number);
    }
    *ret = s;
    return STATUS_OK;
}

void http_unlisten(struct http_socket *s)
{
    if (s->unix_path.n > 0) (void)unlink(s->unix_path.p); /* tidy-ok call-system: the seam to sockets is this file */
    if (s->folder.n > 0) (void)rmdir(s->folder.p); /* tidy-ok call-system: the seam to sockets is this file */
    if (s->fd >= 0) (void)close(s->fd);
    *s = (struct http_socket){.fd = -1, .unix_path = STR(""), .folder = STR("")};
}
