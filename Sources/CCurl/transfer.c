// One request and its answer.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static size_t on_header(char *bytes, size_t size, size_t count, void *context) {
  cc_transfer *transfer = context;
  size_t total = size * count;
  return transfer->on_header(transfer->context, (const uint8_t *)bytes, total) ? total : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
  cc_transfer *transfer = context;
  size_t total = size * count;
  // A piece of no bytes ends an empty answer; a returned 0 is then no refusal.
  if (total == 0) return 0;
  return transfer->on_body(transfer->context, (const uint8_t *)bytes, total) ? total : 0;
}

static int append_header(cc_transfer *transfer, const char *line) {
  struct curl_slist *longer = cc_library.curl_slist_append(transfer->headers, line);
  if (!longer) return 0;
  transfer->headers = longer;
  return 1;
}

static int set_headers(cc_transfer *transfer, const cc_request *request) {
  for (size_t index = 0; index < request->header_count; index++) {
    if (!append_header(transfer, request->headers[index])) return 0;
  }
  // An answer to "may I send?" would cost a round trip, or a second without one.
  return append_header(transfer, "Expect:");
}

#define CC_SET(option, value) \
  do { \
    if (cc_library.curl_easy_setopt(easy, option, value) != CURLE_OK) return 0; \
  } while (0)

static int set_options(cc_transfer *transfer, const cc_request *request) {
  CURL *easy = transfer->easy;
  CC_SET(CURLOPT_ERRORBUFFER, transfer->problem);
  CC_SET(CURLOPT_PRIVATE, (void *)transfer);
  CC_SET(CURLOPT_NOSIGNAL, 1L);
  CC_SET(CURLOPT_PROTOCOLS_STR, request->is_plain ? "http,https" : "https");
  CC_SET(CURLOPT_URL, request->url);
  // A redirection would carry the key to wherever it points.
  CC_SET(CURLOPT_FOLLOWLOCATION, 0L);
  CC_SET(CURLOPT_SSL_VERIFYPEER, 1L);
  CC_SET(CURLOPT_SSL_VERIFYHOST, 2L);
  CC_SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (request->certificates_path) {
    CC_SET(CURLOPT_CAINFO, request->certificates_path);
    CC_SET(CURLOPT_CAPATH, NULL);
  }
  if (request->is_plain) CC_SET(CURLOPT_PROXY, "");
  // HTTP/2 where TLS offers it. A connection that is being made is waited for, to share it. Without
  // TLS whether it can be shared is known after its first answer only: nobody waits for that.
  CC_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  CC_SET(CURLOPT_PIPEWAIT, request->is_plain ? 0L : 1L);
  CC_SET(CURLOPT_TCP_KEEPALIVE, 1L);
  CC_SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_milliseconds);
  CC_SET(CURLOPT_HTTPHEADER, transfer->headers);
  CC_SET(CURLOPT_POST, 1L);
  CC_SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_count);
  CC_SET(CURLOPT_COPYPOSTFIELDS, (const char *)request->body);
  CC_SET(CURLOPT_HEADERFUNCTION, on_header);
  CC_SET(CURLOPT_HEADERDATA, (void *)transfer);
  CC_SET(CURLOPT_WRITEFUNCTION, on_body);
  CC_SET(CURLOPT_WRITEDATA, (void *)transfer);
  return 1;
}

cc_transfer *cc_transfer_create(const cc_request *request) {
  cc_transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer) return NULL;
  transfer->context = request->context;
  transfer->on_header = request->on_header;
  transfer->on_body = request->on_body;
  transfer->easy = cc_library.curl_easy_init();
  if (!transfer->easy || !set_headers(transfer, request) || !set_options(transfer, request)) {
    cc_transfer_destroy(transfer);
    return NULL;
  }
  return transfer;
}

void cc_transfer_destroy(cc_transfer *transfer) {
  if (transfer->easy) cc_library.curl_easy_cleanup(transfer->easy);
  cc_library.curl_slist_free_all(transfer->headers);
  free(transfer);
}

void *cc_transfer_context(const cc_transfer *transfer) { return transfer->context; }

const char *cc_transfer_problem(const cc_transfer *transfer) {
  if (transfer->problem[0]) return transfer->problem;
  if (transfer->code == CURLE_OK) return "";
  return cc_library.curl_easy_strerror(transfer->code);
}

static long information(const cc_transfer *transfer, CURLINFO which) {
  long value = 0;
  if (cc_library.curl_easy_getinfo(transfer->easy, which, &value) != CURLE_OK) return 0;
  return value;
}

long cc_transfer_status(const cc_transfer *transfer) {
  return information(transfer, CURLINFO_RESPONSE_CODE);
}

long cc_transfer_connections(const cc_transfer *transfer) {
  return information(transfer, CURLINFO_NUM_CONNECTS);
}

int32_t cc_transfer_http_version(const cc_transfer *transfer) {
  switch (information(transfer, CURLINFO_HTTP_VERSION)) {
    case CURL_HTTP_VERSION_2_0: return 2;
    case CURL_HTTP_VERSION_1_0:
    case CURL_HTTP_VERSION_1_1: return 1;
    default: return 0;
  }
}
