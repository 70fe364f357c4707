#ifndef CCURL_INTERNAL_H
#define CCURL_INTERNAL_H

#include "CCurl.h"
#include "library.h"

struct cc_multi {
  CURLM *multi;
};

struct cc_transfer {
  CURL *easy;
  struct curl_slist *headers;
  CURLcode code;
  void *context;
  int32_t (*on_header)(void *context, const uint8_t *line, size_t count);
  int32_t (*on_body)(void *context, const uint8_t *bytes, size_t count);
  char problem[CURL_ERROR_SIZE];
};

#endif
