// libcurl's functions, found at run time.
#ifndef CCURL_LIBRARY_H
#define CCURL_LIBRARY_H

// The checking macros would name functions that are not linked.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// curl.h makes macros of these that only count arguments.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

// X(function): each is kept in a pointer of its type.
#define CC_FUNCTIONS(X) \
  X(curl_global_init) \
  X(curl_version) \
  X(curl_easy_init) \
  X(curl_easy_setopt) \
  X(curl_easy_getinfo) \
  X(curl_easy_strerror) \
  X(curl_easy_cleanup) \
  X(curl_slist_append) \
  X(curl_slist_free_all) \
  X(curl_multi_init) \
  X(curl_multi_setopt) \
  X(curl_multi_add_handle) \
  X(curl_multi_remove_handle) \
  X(curl_multi_perform) \
  X(curl_multi_poll) \
  X(curl_multi_wakeup) \
  X(curl_multi_info_read) \
  X(curl_multi_cleanup)

struct cc_library {
#define CC_MEMBER(name) __typeof__(&name) name;
  CC_FUNCTIONS(CC_MEMBER)
#undef CC_MEMBER
};

extern struct cc_library cc_library;

#endif
