// Shared by the files of this target.
#ifndef CLUA_INTERNAL_H
#define CLUA_INTERNAL_H

#include "include/CLua.h"

#include <lua5.1/lua.h>

#include <lua5.1/lauxlib.h>
#include <lua5.1/lualib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Bytes that grow at the end.
typedef struct wl_buffer {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} wl_buffer;

struct wl_state {
  lua_State *lua;
  size_t memory;
  size_t memory_max;
  const wl_host *host;  // NULL: nothing runs
  bool is_for_functions;
  bool is_loading;      // a library registers its functions
  bool was_killed;      // hooks are set to end everything
  bool touched_collector;
  int version;          // of replies to redis.call
  int32_t kill_reason;

  // References in the registry.
  int globals;          // the real table of globals
  int environment_meta; // metatable of the table that scripts see as _G
  int loading_globals;  // what a library sees while it is loaded
  int handler;          // of errors
  int runner;

  const char *server_version;
  uint32_t version_number;
  uint64_t random;      // 48 bits

  wl_buffer output;
  wl_buffer source;
  int line;
  bool is_counted;

  wl_buffer scratch;    // of the library that builds a string

  wl_slice *arguments;  // of the command being called
  char *numbers;        // their texts, where they are numbers
  size_t argument_capacity;
};

enum { WL_NUMBER_LENGTH = 32 };

static inline wl_state *wl_state_of(lua_State *lua) {
  void *state;
  lua_getallocf(lua, &state);
  return state;
}

// interpreter.c
// Lets the host see the time; raises an error when the script is to end. For what takes long
// without running any instruction of Lua.
void wl_tick(lua_State *lua);

// sandbox.c
int wl_push_protected(lua_State *lua, int table);
bool wl_is_protected(lua_State *lua, int index);
void wl_install_sandbox(lua_State *lua, wl_state *state);

// api.c
void wl_push_api(lua_State *lua, wl_state *state, bool is_for_loading);
void wl_push_error(lua_State *lua, const char *text, size_t count, bool is_counted);
int wl_raise(lua_State *lua, const char *text);

// pattern.c
// Replaces the functions that match patterns in the table at the top.
void wl_install_patterns(lua_State *lua);

// random.c
void wl_install_random(lua_State *lua);

// conversions
void wl_push_reply(lua_State *lua, wl_slice reply);
void wl_write_reply(lua_State *lua, wl_state *state, int version);
void wl_append(lua_State *lua, wl_buffer *buffer, size_t max, const void *bytes, size_t count);

// Libraries; each leaves its table on the stack.
int wl_open_json(lua_State *lua);
int wl_open_msgpack(lua_State *lua);
int wl_open_struct(lua_State *lua);
int wl_open_bit(lua_State *lua);

#endif
