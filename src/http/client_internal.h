/* client_internal — shared by the two files of the client: its slots and its thread. */
#ifndef YIJIE_HTTP_CLIENT_INTERNAL_H
#define YIJIE_HTTP_CLIENT_INTERNAL_H

#include "http/http_internal.h"

#include <curl/curl.h>

/* One request in flight: a handle of the library with all that it needs; reused. */
struct client_slot {
    struct http_client *client;
    struct client_slot *next;     /* in the free list, or in the queue */
    CURL *easy;
    struct curl_slist *headers;
    struct buf url, answer;
    struct http_client_request request;
    http_client_done *done;
    void *user;
    char failure[CURL_ERROR_SIZE];
};

struct http_client {
    const struct env *env;
    struct http_client_options o;
    struct arena arena;
    CURLM *multi;
    int epoll, wake;
    struct client_slot *slots;
    pthread_mutex_t lock;         /* of all below */
    struct client_slot *free_list, *queue, *queue_last;
    uint32_t running;             /* taken slots */
    bool closing;
    /* the thread's own */
    struct env_thread thread;
    bool thread_started;
    uint64_t timer_ns;            /* when the library wants to be called; 0: never */
};

/* client_send.c */
struct status client_slots_make(struct http_client *c, struct arena *a);
void client_slots_free(struct http_client *c);
void *client_run(void *arg);
void client_wake(struct http_client *c);

#endif
