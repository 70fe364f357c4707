// What the network alone costs a server with one epoll loop: it keeps no keys and looks at no more
// of a request than its number of commands and a letter of the first, and answers with
// replies of the right form and length. A GET is answered with 64 bytes, an unknown key too.
//
//   cc -O2 floor.c -o floor && ./floor --port 6390
//
// Beside a real server in one run (`loadtest/compare --server floor=loadtest/floor`) it shows which
// part of that server's CPU time is its own, and how low any server of this kind could get here.

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, COMMANDS_MAX = 4096, EVENTS_MAX = 128, VALUE_BYTES = 64 };

struct reply {
  char bytes[96];
  size_t count;
};

static struct reply replies[256];

static void set_reply(char first_letter, const char *text) {
  struct reply *reply = &replies[(unsigned char)first_letter];
  reply->count = strlen(text);
  memcpy(reply->bytes, text, reply->count);
}

static void set_replies(void) {
  for (int letter = 0; letter < 256; letter++) set_reply((char)letter, "+OK\r\n");
  char value[96] = "$64\r\n";
  memset(value + 5, 'v', VALUE_BYTES);
  strcpy(value + 5 + VALUE_BYTES, "\r\n");
  set_reply('G', value);
  set_reply('P', "+PONG\r\n");
  set_reply('I', ":1\r\n");
  set_reply('F', "-ERR it knows nothing of itself\r\n");
}

// Commands that begin in `bytes`: "*" at the start, or behind a line's end. Those that a reader
// only has a part of count when they begin, so their replies come a little early.
static size_t count_commands(const char *bytes, size_t count) {
  size_t commands = 0;
  const char *end = bytes + count;
  for (const char *at = bytes; (at = memchr(at, '*', (size_t)(end - at))) != NULL; at++) {
    if (at == bytes || at[-1] == '\n') commands++;
  }
  return commands;
}

// The first letter of the first command's name, which "*2\r\n$3\r\nGET" has behind the second line;
// of INFO, the third.
static char telling_letter(const char *bytes, size_t count) {
  const char *at = bytes;
  for (int line = 0; line < 2; line++) {
    at = memchr(at, '\n', count - (size_t)(at - bytes));
    if (at == NULL || ++at == bytes + count) return 'P';
  }
  if (bytes + count - at > 3 && strncasecmp(at, "INF", 3) == 0) return 'F';
  return (char)toupper((unsigned char)*at);
}

static void answer(int client, const char *bytes, size_t count) {
  static char out[COMMANDS_MAX * sizeof replies[0].bytes];
  const struct reply *reply = &replies[(unsigned char)telling_letter(bytes, count)];
  size_t commands = count_commands(bytes, count);
  if (commands > COMMANDS_MAX) commands = COMMANDS_MAX;
  for (size_t index = 0; index < commands; index++) {
    memcpy(out + index * reply->count, reply->bytes, reply->count);
  }
  if (commands > 0) send(client, out, commands * reply->count, MSG_NOSIGNAL);
}

static int listen_at(int port) {
  int one = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 512)) {
    perror("floor");
    exit(1);
  }
  return listener;
}

int main(int count, char **arguments) {
  int port = 6379, one = 1;
  for (int index = 1; index + 1 < count; index++) {
    if (strcmp(arguments[index], "--port") == 0) port = atoi(arguments[index + 1]);
  }
  set_replies();
  int listener = listen_at(port), poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS_MAX];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  static char bytes[READ_BYTES];
  for (;;) {
    int ready = epoll_wait(poll, events, EVENTS_MAX, -1);
    for (int index = 0; index < ready; index++) {
      int client = events[index].data.fd;
      if (client == listener) {
        client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.fd = client;
        epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
        continue;
      }
      ssize_t got = recv(client, bytes, sizeof bytes, 0);
      if (got > 0) {
        answer(client, bytes, (size_t)got);
      } else {
        close(client);
      }
    }
  }
}
