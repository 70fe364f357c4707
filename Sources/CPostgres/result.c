// What comes back.
#include "CPostgres.h"
#include "library.h"

static const PGresult *result_of(const cpg_result *result) {
  return (const PGresult *)(const void *)result;
}

void cpg_clear(cpg_result *result) { cpg_library.PQclear((PGresult *)(void *)result); }

int32_t cpg_kind(const cpg_result *result) {
  switch (cpg_library.PQresultStatus(result_of(result))) {
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE: return CPG_ROWS;
    case PGRES_EMPTY_QUERY:
    case PGRES_COMMAND_OK: return CPG_DONE;
    case PGRES_PIPELINE_SYNC: return CPG_SYNC;
    case PGRES_PIPELINE_ABORTED: return CPG_SKIPPED;
    default: return CPG_ERROR;
  }
}

static const char *field(const cpg_result *result, int which) {
  const char *text = cpg_library.PQresultErrorField(result_of(result), which);
  return text ? text : "";
}

const char *cpg_state(const cpg_result *result) { return field(result, PG_DIAG_SQLSTATE); }

const char *cpg_message(const cpg_result *result) {
  return field(result, PG_DIAG_MESSAGE_PRIMARY);
}

int32_t cpg_rows(const cpg_result *result) { return cpg_library.PQntuples(result_of(result)); }

int32_t cpg_columns(const cpg_result *result) { return cpg_library.PQnfields(result_of(result)); }

int32_t cpg_is_null(const cpg_result *result, int32_t row, int32_t column) {
  return cpg_library.PQgetisnull(result_of(result), row, column);
}

const char *cpg_value(const cpg_result *result, int32_t row, int32_t column, size_t *count) {
  *count = (size_t)cpg_library.PQgetlength(result_of(result), row, column);
  return cpg_library.PQgetvalue(result_of(result), row, column);
}

int32_t cpg_parameter_count(const cpg_result *result) {
  return cpg_library.PQnparams(result_of(result));
}

uint32_t cpg_parameter_type(const cpg_result *result, int32_t index) {
  return cpg_library.PQparamtype(result_of(result), index);
}
