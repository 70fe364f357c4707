// PostgreSQL over libpq's asynchronous interface, without variadic calls: as Swift can use it.
//
// libpq is loaded when it is first needed, not when the process starts: a server without a
// database needs none, and does not pay for it and for the TLS that it brings.
//
// A connection belongs to one thread. Nothing here waits, but for the look-up of a host's name.
#ifndef CPOSTGRES_H
#define CPOSTGRES_H

#include <stddef.h>
#include <stdint.h>

typedef struct cpg_connection cpg_connection;
typedef struct cpg_result cpg_result;

// What a connection that is being made waits for.
enum {
  CPG_FAILED = 0,
  CPG_READING = 1,
  CPG_WRITING = 2,
  CPG_CONNECTED = 3,
};

// What a result is.
enum {
  // An error; its SQLSTATE and text say which.
  CPG_ERROR = 0,
  CPG_ROWS = 1,
  // Done, without rows.
  CPG_DONE = 2,
  // The end of what was sent before a `cpg_sync`.
  CPG_SYNC = 3,
  // Not executed because something before it in the pipeline failed.
  CPG_SKIPPED = 4,
};

// Loads libpq, once. NULL, or what is wrong.
const char *cpg_load(void);

// libpq's version, as 150014; cpg_load must have succeeded, as for all that follows.
int32_t cpg_version(void);

// Whether a URL or a list of `name=value` can be read. The password in it goes to `password`, with
// a 0 behind it; at most `room` bytes in all.
int32_t cpg_read_url(const char *url, char *password, size_t room);

// Begins to connect. NULL when there is no memory.
cpg_connection *cpg_connect(const char *url);
// Whether connecting has failed already: there is no socket to wait for then.
int32_t cpg_has_failed(const cpg_connection *connection);
// Goes on connecting: CPG_READING and so on.
int32_t cpg_connect_poll(cpg_connection *connection);
void cpg_close(cpg_connection *connection);
// The socket's descriptor, which may change while it connects; -1 when there is none.
int32_t cpg_socket(const cpg_connection *connection);
// Whether it is still connected, as far as is known.
int32_t cpg_is_open(const cpg_connection *connection);
// What is wrong with it, in libpq's words.
const char *cpg_problem(const cpg_connection *connection);

// The calls below answer 1, or 0 when the connection is of no more use.

// From here on requests can be sent before the results of others have come.
int32_t cpg_enter_pipeline(cpg_connection *connection);
int32_t cpg_send_prepare(cpg_connection *connection, const char *name, const char *sql);
// Asks for the types of a prepared statement's parameters.
int32_t cpg_send_describe(cpg_connection *connection, const char *name);
// Executes a prepared statement; parameters and results are texts.
int32_t cpg_send_prepared(
    cpg_connection *connection, const char *name, int32_t count, const char *const *values);
// One statement without parameters.
int32_t cpg_send_query(cpg_connection *connection, const char *sql);
// Any statements; not in a pipeline.
int32_t cpg_send_script(cpg_connection *connection, const char *sql);
// Ends a unit of the pipeline: what fails before it does not touch what comes behind it.
int32_t cpg_sync(cpg_connection *connection);
// Sends; 1: all of it is sent, 2: there is more, for when the socket can be written, 0: as above.
int32_t cpg_flush(cpg_connection *connection);
// Receives what has come.
int32_t cpg_consume(cpg_connection *connection);
// Whether `cpg_next_result` would have to wait.
int32_t cpg_is_busy(cpg_connection *connection);
// The next result, or NULL where one request's end.
cpg_result *cpg_next_result(cpg_connection *connection);

void cpg_clear(cpg_result *result);
int32_t cpg_kind(const cpg_result *result);
// The five characters of an error's code; "" when there is none.
const char *cpg_state(const cpg_result *result);
// The error's own line, without details that may quote data.
const char *cpg_message(const cpg_result *result);
int32_t cpg_rows(const cpg_result *result);
int32_t cpg_columns(const cpg_result *result);
int32_t cpg_is_null(const cpg_result *result, int32_t row, int32_t column);
// A value's bytes, valid as long as the result.
const char *cpg_value(const cpg_result *result, int32_t row, int32_t column, size_t *count);
// Of a description: the parameters, and the type of each as PostgreSQL numbers them.
int32_t cpg_parameter_count(const cpg_result *result);
uint32_t cpg_parameter_type(const cpg_result *result, int32_t index);

// The next notification that has come: its payload, with a 0 behind it, to be freed by
// `cpg_free_text`; NULL when there is none. `channel` gets up to `room` bytes with a 0.
char *cpg_next_notification(cpg_connection *connection, char *channel, size_t room);
void cpg_free_text(char *text);

#endif
