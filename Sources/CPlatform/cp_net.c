#define _GNU_SOURCE
#include "CPlatform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(cp_event) == sizeof(struct epoll_event), "epoll_event's layout");

int cp_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cp_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(epoll, operation, fd, &event);
}

int cp_epoll_wait(int epoll, cp_event *events, int count, int64_t timeout_us) {
#ifdef SYS_epoll_pwait2
  // Microseconds matter: with milliseconds a key due in 0.9 ms is noticed after 1.9 ms.
  static int has_pwait2 = 1;
  if (__atomic_load_n(&has_pwait2, __ATOMIC_RELAXED) && timeout_us > 0) {
    struct timespec limit = {timeout_us / 1000000, (timeout_us % 1000000) * 1000};
    int result = (int)syscall(SYS_epoll_pwait2, epoll, events, count, &limit, NULL, 0);
    if (result >= 0 || (errno != ENOSYS && errno != EPERM)) return result;
    __atomic_store_n(&has_pwait2, 0, __ATOMIC_RELAXED);
  }
#endif
  int64_t timeout_ms = timeout_us < 0 ? -1 : (timeout_us + 999) / 1000;
  if (timeout_ms > 0x7fffffff) timeout_ms = 0x7fffffff;
  return epoll_wait(epoll, (struct epoll_event *)events, count, (int)timeout_ms);
}

int cp_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cp_signalfd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cp_signalfd_read(int fd) {
  struct signalfd_siginfo info;
  if (read(fd, &info, sizeof info) != sizeof info) return 0;
  return (int)info.ssi_signo;
}

static int cp_close_keeping_errno(int fd) {
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

static socklen_t cp_address(const char *address, uint16_t port, struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  if (strcmp(address, "*") == 0) address = "0.0.0.0";
  if (strcmp(address, "::*") == 0) address = "::";
  if (strcmp(address, "localhost") == 0) address = "127.0.0.1";
  if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
  }
  errno = EADDRNOTAVAIL;
  return 0;
}

int cp_listen_tcp(const char *address, uint16_t port, int backlog) {
  struct sockaddr_storage storage;
  socklen_t length = cp_address(address, port, &storage);
  if (length == 0) return -1;
  int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&storage, length) != 0 || listen(fd, backlog) != 0)
    return cp_close_keeping_errno(fd);
  return fd;
}

static int cp_unix_address(const char *path, struct sockaddr_un *out) {
  memset(out, 0, sizeof *out);
  out->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof out->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(out->sun_path, path);
  return 0;
}

int cp_listen_unix(const char *path, uint32_t permissions, int backlog) {
  struct sockaddr_un address;
  if (cp_unix_address(path, &address) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  unlink(path);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      (permissions != 0 && chmod(path, (mode_t)permissions) != 0) || listen(fd, backlog) != 0)
    return cp_close_keeping_errno(fd);
  return fd;
}

int cp_local_port(int fd) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0) return -1;
  if (storage.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&storage)->sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
  return 0;
}

int cp_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int cp_connect_tcp(const char *address, uint16_t port) {
  struct sockaddr_storage storage;
  socklen_t length = cp_address(address, port, &storage);
  if (length == 0) return -1;
  int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&storage, length) != 0) return cp_close_keeping_errno(fd);
  return fd;
}

static int64_t cp_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int cp_wait(int fd, int for_writing, int timeout_ms) {
  struct pollfd entry = {.fd = fd, .events = for_writing ? POLLOUT : POLLIN};
  int64_t end = cp_milliseconds() + timeout_ms;
  for (;;) {
    int64_t left = end - cp_milliseconds();
    int count = poll(&entry, 1, left > 0 ? (int)left : 0);
    if (count > 0) return 1;
    if (count == 0 || errno != EINTR) return 0;
  }
}

int cp_connect_host(const char *host, const char *port, int timeout_ms) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found;
  if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
  int result = -2;
  for (struct addrinfo *one = found; one; one = one->ai_next) {
    int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    int error = connect(fd, one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      socklen_t length = sizeof error;
      if (!cp_wait(fd, 1, timeout_ms)) {
        result = -1;
      } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        error = errno;
      }
    }
    if (error == 0) {
      result = fd;
      break;
    }
    close(fd);
  }
  freeaddrinfo(found);
  return result;
}

int cp_connect_unix(const char *path) {
  struct sockaddr_un address;
  if (cp_unix_address(path, &address) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
    return cp_close_keeping_errno(fd);
  return fd;
}

ssize_t cp_recv(int fd, void *buffer, size_t count) { return recv(fd, buffer, count, 0); }

ssize_t cp_send(int fd, const void *buffer, size_t count) {
  return send(fd, buffer, count, MSG_NOSIGNAL);
}

ssize_t cp_send_vector(int fd, const struct iovec *vectors, int count) {
  struct msghdr message = {.msg_iov = (struct iovec *)vectors, .msg_iovlen = (size_t)count};
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

int cp_set_no_delay(int fd) {
  int on = 1;
  return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int cp_set_keep_alive(int fd, int seconds) {
  int on = seconds > 0;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return -1;
  if (!on) return 0;
  // Probe at a third of the interval, three times, so a dead peer is noticed in two intervals.
  int interval = seconds / 3 > 0 ? seconds / 3 : 1, probes = 3;
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  return setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

int cp_shutdown(int fd) { return shutdown(fd, SHUT_RDWR); }

int cp_close(int fd) { return close(fd); }

static int cp_name(const struct sockaddr_storage *storage, char *text, size_t capacity) {
  char host[INET6_ADDRSTRLEN] = "?";
  if (storage->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)storage;
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    snprintf(text, capacity, "%s:%d", host, ntohs(v4->sin_port));
  } else if (storage->ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)storage;
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    snprintf(text, capacity, "[%s]:%d", host, ntohs(v6->sin6_port));
  } else {
    return -1;
  }
  return 0;
}

int cp_peer_name(int fd, char *text, size_t capacity) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getpeername(fd, (struct sockaddr *)&storage, &length) != 0) return -1;
  return cp_name(&storage, text, capacity);
}

int cp_socket_name(int fd, char *text, size_t capacity) {
  // A Unix socket without a name gets no path at all, and a path of full length no NUL.
  struct sockaddr_storage storage = {0};
  socklen_t length = sizeof storage;
  if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0) return -1;
  if (storage.ss_family == AF_UNIX) {
    const struct sockaddr_un *un = (const struct sockaddr_un *)&storage;
    snprintf(text, capacity, "%.*s:0", (int)sizeof un->sun_path, un->sun_path);
    return 0;
  }
  return cp_name(&storage, text, capacity);
}

int cp_peer_is_local(int fd) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getpeername(fd, (struct sockaddr *)&storage, &length) != 0) return 0;
  if (storage.ss_family == AF_UNIX) return 1;
  if (storage.ss_family == AF_INET)
    return (ntohl(((struct sockaddr_in *)&storage)->sin_addr.s_addr) >> 24) == 127;
  const struct in6_addr *a = &((struct sockaddr_in6 *)&storage)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}
