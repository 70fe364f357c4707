// Sockets, epoll, eventfd and signals. Wrapped in C because Swift's Glibc module has no
// sys/epoll.h, and because _GNU_SOURCE on Swift's command line changes bind() and accept4().
#ifndef CP_NET_H
#define CP_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef struct cp_event {
  uint32_t events;
  uint64_t data;
} __attribute__((packed)) cp_event;

enum {
  CP_EVENT_READ = 0x001,
  CP_EVENT_WRITE = 0x004,
  CP_EVENT_ERROR = 0x008,
  CP_EVENT_HANGUP = 0x010,
  CP_EVENT_READ_HANGUP = 0x2000
};

// Each of these returns -1 and sets errno on failure.
int cp_epoll_create(void);
int cp_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t data);
int cp_epoll_wait(int epoll, cp_event *events, int count, int64_t timeout_us);
int cp_eventfd(void);
int cp_signalfd(const int *signals, int count);
// Reads one signal number from a signalfd, 0 when there is none.
int cp_signalfd_read(int fd);

// `address` is a numeric IPv4 or IPv6 address, or "*" (any IPv4) or "::*" (any IPv6).
int cp_listen_tcp(const char *address, uint16_t port, int backlog);
int cp_listen_unix(const char *path, uint32_t permissions, int backlog);
int cp_local_port(int fd);
int cp_accept(int listener);
int cp_connect_tcp(const char *address, uint16_t port);
int cp_connect_unix(const char *path);
// Connects to a host by name or address, without blocking afterwards: the addresses that the name
// stands for are tried in turn, each for up to `timeout_ms`. Looking the name up takes its own
// time. Returns -1 when the name is unknown or the time was up, -2 when all addresses refused.
int cp_connect_host(const char *host, const char *port, int timeout_ms);
// Waits until a socket can be written (or read), or is broken: 1; 0 when the time is up.
int cp_wait(int fd, int for_writing, int timeout_ms);
ssize_t cp_recv(int fd, void *buffer, size_t count);
ssize_t cp_send(int fd, const void *buffer, size_t count);
ssize_t cp_send_vector(int fd, const struct iovec *vectors, int count);
int cp_set_no_delay(int fd);
int cp_set_keep_alive(int fd, int seconds);
int cp_shutdown(int fd);
int cp_close(int fd);
// Writes "127.0.0.1:6379", "[::1]:6379" or "/path:0" with a NUL.
int cp_peer_name(int fd, char *text, size_t capacity);
int cp_socket_name(int fd, char *text, size_t capacity);
// 1 when the peer is on this machine.
int cp_peer_is_local(int fd);

#endif
