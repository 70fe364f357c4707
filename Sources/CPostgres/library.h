// libpq's functions, found when it is loaded.
#ifndef CPG_LIBRARY_H
#define CPG_LIBRARY_H

#include <postgresql/libpq-fe.h>

#define CPG_FUNCTIONS(X) \
  X(PQlibVersion) X(PQconninfoParse) X(PQconninfoFree) X(PQconnectStartParams) \
  X(PQconnectPoll) X(PQfinish) X(PQsocket) X(PQstatus) X(PQerrorMessage) X(PQsetnonblocking) \
  X(PQsetNoticeProcessor) X(PQenterPipelineMode) X(PQsendPrepare) X(PQsendDescribePrepared) \
  X(PQsendQueryPrepared) X(PQsendQueryParams) X(PQsendQuery) X(PQpipelineSync) X(PQflush) \
  X(PQconsumeInput) X(PQisBusy) X(PQgetResult) X(PQclear) X(PQresultStatus) \
  X(PQresultErrorField) X(PQntuples) X(PQnfields) X(PQgetisnull) X(PQgetvalue) X(PQgetlength) \
  X(PQnparams) X(PQparamtype) X(PQnotifies) X(PQfreemem)

struct cpg_library {
#define CPG_MEMBER(name) __typeof__(&name) name;
  CPG_FUNCTIONS(CPG_MEMBER)
#undef CPG_MEMBER
};

extern struct cpg_library cpg_library;

#endif
