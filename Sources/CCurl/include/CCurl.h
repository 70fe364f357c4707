// HTTPS requests over libcurl's multi interface, without variadic calls: as Swift can use it.
//
// libcurl is loaded when it is first needed, not when the process starts. Linked, it and the
// libraries that it brings cost every server 8 MB of resident memory and 20 ms at start (libcurl
// 7.88 of Debian 12), whether or not it ever makes a call.
//
// One thread owns a `cc_multi` and its transfers; only `cc_multi_wake` may come from others.
#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>
#include <stdint.h>

typedef struct cc_multi cc_multi;
typedef struct cc_transfer cc_transfer;

// How a transfer ended, as far as its caller can do something about it.
enum {
  CC_DONE = 0,
  // No connection: unknown host, refused, timed out before it stood.
  CC_UNREACHABLE = 1,
  // The peer is not who it should be, or TLS could not be agreed on.
  CC_UNTRUSTED = 2,
  // The connection broke, or ended in the middle of an answer.
  CC_CUT = 3,
  // A callback asked for the end.
  CC_STOPPED = 4,
  // The answer is no HTTP.
  CC_GARBLED = 5,
  // Anything else: no memory, a refused option.
  CC_FAILED = 6,
};

// What is to be sent, and who gets what comes back. Everything is copied.
typedef struct cc_request {
  const char *url;
  // Lines such as "name: value".
  const char *const *headers;
  size_t header_count;
  const uint8_t *body;
  size_t body_count;
  long connect_milliseconds;
  // Not 0: plain HTTP is allowed, and proxies named by the environment are not used.
  int32_t is_plain;
  // Certificates to trust instead of the system's; NULL for the system's.
  const char *certificates_path;
  // Handed to both callbacks, which return 0 to end the transfer.
  void *context;
  int32_t (*on_header)(void *context, const uint8_t *line, size_t count);
  int32_t (*on_body)(void *context, const uint8_t *bytes, size_t count);
} cc_request;

// Loads libcurl, once. NULL, or what is wrong.
const char *cc_load(void);

// The version of libcurl and its parts; cc_load must have succeeded.
const char *cc_version(void);

// Keeps SIGPIPE from the calling thread.
void cc_block_broken_pipe(void);

// NULL when there is no memory. Idle connections beyond `connections_max` are closed.
cc_multi *cc_multi_create(long connections_max);
// All transfers must have been removed.
void cc_multi_destroy(cc_multi *multi);
// 0, or what libcurl says.
int32_t cc_multi_add(cc_multi *multi, cc_transfer *transfer);
void cc_multi_remove(cc_multi *multi, cc_transfer *transfer);
// Moves what can be moved; calls the callbacks.
void cc_multi_perform(cc_multi *multi);
// Waits until something can be moved, cc_multi_wake was called or the time is up.
void cc_multi_wait(cc_multi *multi, int32_t milliseconds);
// Ends a wait, this one or the next; any thread may call it.
void cc_multi_wake(cc_multi *multi);
// A transfer that has ended, and how; NULL when there is none. It must be removed then.
cc_transfer *cc_multi_next_ended(cc_multi *multi, int32_t *how);

// NULL when there is no memory or libcurl refuses.
cc_transfer *cc_transfer_create(const cc_request *request);
// It must have been removed.
void cc_transfer_destroy(cc_transfer *transfer);
// The context of its request.
void *cc_transfer_context(const cc_transfer *transfer);
// libcurl's words for the failure; empty when there are none.
const char *cc_transfer_problem(const cc_transfer *transfer);
// The answer's status; 0 when there was none.
long cc_transfer_status(const cc_transfer *transfer);
// Connections that had to be made for it.
long cc_transfer_connections(const cc_transfer *transfer);
// 2 for HTTP/2, 1 for HTTP/1.x, 0 when it is not known.
int32_t cc_transfer_http_version(const cc_transfer *transfer);

#endif
