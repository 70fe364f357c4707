// Many transfers on one thread.
#include <stdlib.h>

#include "internal.h"

cc_multi *cc_multi_create(long connections_max) {
  cc_multi *multi = calloc(1, sizeof *multi);
  if (!multi) return NULL;
  multi->multi = cc_library.curl_multi_init();
  if (!multi->multi) {
    free(multi);
    return NULL;
  }
  cc_library.curl_multi_setopt(multi->multi, CURLMOPT_MAXCONNECTS, connections_max);
  cc_library.curl_multi_setopt(multi->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  return multi;
}

void cc_multi_destroy(cc_multi *multi) {
  cc_library.curl_multi_cleanup(multi->multi);
  free(multi);
}

int32_t cc_multi_add(cc_multi *multi, cc_transfer *transfer) {
  return (int32_t)cc_library.curl_multi_add_handle(multi->multi, transfer->easy);
}

void cc_multi_remove(cc_multi *multi, cc_transfer *transfer) {
  cc_library.curl_multi_remove_handle(multi->multi, transfer->easy);
}

void cc_multi_perform(cc_multi *multi) {
  int running = 0;
  cc_library.curl_multi_perform(multi->multi, &running);
}

void cc_multi_wait(cc_multi *multi, int32_t milliseconds) {
  cc_library.curl_multi_poll(multi->multi, NULL, 0, milliseconds, NULL);
}

void cc_multi_wake(cc_multi *multi) { cc_library.curl_multi_wakeup(multi->multi); }

static int32_t meaning(CURLcode code) {
  switch (code) {
    case CURLE_OK: return CC_DONE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_INTERFACE_FAILED:
    // A handshake that breaks off; a certificate that is refused is another code.
    case CURLE_SSL_CONNECT_ERROR: return CC_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED: return CC_UNTRUSTED;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return CC_CUT;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return CC_STOPPED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return CC_GARBLED;
    default: return CC_FAILED;
  }
}

cc_transfer *cc_multi_next_ended(cc_multi *multi, int32_t *how) {
  for (;;) {
    int left = 0;
    CURLMsg *message = cc_library.curl_multi_info_read(multi->multi, &left);
    if (!message) return NULL;
    if (message->msg != CURLMSG_DONE) continue;
    char *owner = NULL;
    cc_library.curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    cc_transfer *transfer = (cc_transfer *)(void *)owner;
    transfer->code = message->data.result;
    *how = meaning(message->data.result);
    return transfer;
  }
}
