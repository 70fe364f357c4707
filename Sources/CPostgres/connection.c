// Connections, and what is sent over them.
#include <stdlib.h>
#include <string.h>

#include "CPostgres.h"
#include "library.h"

static PGconn *connection_of(const cpg_connection *connection) {
  return (PGconn *)(void *)connection;
}

int32_t cpg_read_url(const char *url, char *password, size_t room) {
  if (room) password[0] = 0;
  int has_names = strchr(url, '=') != NULL;
  int has_scheme =
      !strncmp(url, "postgres://", 11) || !strncmp(url, "postgresql://", 13);
  // Anything else is the name of a database.
  if (!has_names && !has_scheme) return 1;
  PQconninfoOption *options = cpg_library.PQconninfoParse(url, NULL);
  if (!options) return 0;
  int32_t fits = 1;
  for (PQconninfoOption *option = options; option->keyword; option++) {
    if (strcmp(option->keyword, "password") || !option->val) continue;
    size_t count = strlen(option->val);
    if (count < room) {
      memcpy(password, option->val, count + 1);
    } else {
      fits = 0;
    }
  }
  cpg_library.PQconninfoFree(options);
  return fits;
}

static void ignore_notice(void *context, const char *text) {
  (void)context;
  (void)text;
}

cpg_connection *cpg_connect(const char *url) {
  const char *const names[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
  const char *const values[] = {url, "wingcache", "UTF8", NULL};
  PGconn *made = cpg_library.PQconnectStartParams(names, values, 1);
  if (!made) return NULL;
  cpg_library.PQsetNoticeProcessor(made, ignore_notice, NULL);
  return (cpg_connection *)(void *)made;
}

int32_t cpg_has_failed(const cpg_connection *connection) {
  return cpg_library.PQstatus(connection_of(connection)) == CONNECTION_BAD;
}

int32_t cpg_connect_poll(cpg_connection *connection) {
  PGconn *own = connection_of(connection);
  if (cpg_library.PQstatus(own) == CONNECTION_BAD) return CPG_FAILED;
  switch (cpg_library.PQconnectPoll(own)) {
    case PGRES_POLLING_READING: return CPG_READING;
    case PGRES_POLLING_WRITING: return CPG_WRITING;
    case PGRES_POLLING_OK:
      return cpg_library.PQsetnonblocking(own, 1) == 0 ? CPG_CONNECTED : CPG_FAILED;
    default: return CPG_FAILED;
  }
}

void cpg_close(cpg_connection *connection) { cpg_library.PQfinish(connection_of(connection)); }

int32_t cpg_socket(const cpg_connection *connection) {
  return cpg_library.PQsocket(connection_of(connection));
}

int32_t cpg_is_open(const cpg_connection *connection) {
  return cpg_library.PQstatus(connection_of(connection)) == CONNECTION_OK;
}

const char *cpg_problem(const cpg_connection *connection) {
  return cpg_library.PQerrorMessage(connection_of(connection));
}

int32_t cpg_enter_pipeline(cpg_connection *connection) {
  return cpg_library.PQenterPipelineMode(connection_of(connection));
}

int32_t cpg_send_prepare(cpg_connection *connection, const char *name, const char *sql) {
  return cpg_library.PQsendPrepare(connection_of(connection), name, sql, 0, NULL);
}

int32_t cpg_send_describe(cpg_connection *connection, const char *name) {
  return cpg_library.PQsendDescribePrepared(connection_of(connection), name);
}

int32_t cpg_send_prepared(
    cpg_connection *connection, const char *name, int32_t count, const char *const *values) {
  return cpg_library.PQsendQueryPrepared(
      connection_of(connection), name, count, values, NULL, NULL, 0);
}

int32_t cpg_send_query(cpg_connection *connection, const char *sql) {
  return cpg_library.PQsendQueryParams(
      connection_of(connection), sql, 0, NULL, NULL, NULL, NULL, 0);
}

int32_t cpg_send_script(cpg_connection *connection, const char *sql) {
  return cpg_library.PQsendQuery(connection_of(connection), sql);
}

int32_t cpg_sync(cpg_connection *connection) {
  return cpg_library.PQpipelineSync(connection_of(connection));
}

int32_t cpg_flush(cpg_connection *connection) {
  switch (cpg_library.PQflush(connection_of(connection))) {
    case 0: return 1;
    case 1: return 2;
    default: return 0;
  }
}

int32_t cpg_consume(cpg_connection *connection) {
  return cpg_library.PQconsumeInput(connection_of(connection));
}

int32_t cpg_is_busy(cpg_connection *connection) {
  return cpg_library.PQisBusy(connection_of(connection));
}

cpg_result *cpg_next_result(cpg_connection *connection) {
  return (cpg_result *)(void *)cpg_library.PQgetResult(connection_of(connection));
}

char *cpg_next_notification(cpg_connection *connection, char *channel, size_t room) {
  PGnotify *notification = cpg_library.PQnotifies(connection_of(connection));
  if (!notification) return NULL;
  size_t count = strlen(notification->relname);
  if (count >= room) count = room - 1;
  memcpy(channel, notification->relname, count);
  channel[count] = 0;
  char *payload = strdup(notification->extra);
  cpg_library.PQfreemem(notification);
  return payload;
}

void cpg_free_text(char *text) { free(text); }
