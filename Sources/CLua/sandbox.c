// What scripts may reach.
//
//     _G (empty) ──__index──→ globals ──__index──→ error: no such global
//     redis, string, ... (empty) ──__index──→ the table with the functions
//
// Scripts of all clients share an interpreter, so none may leave anything behind. Lua has no
// read-only tables; instead scripts see empty *protected* tables, which look things up in the real
// one and refuse assignments. What gets around metatables (rawset, next, table.insert, ...) is
// replaced by functions that know protected tables; nothing hands out a real one.
#include "internal.h"

#include <stdio.h>

static const char modify_text[] = "Attempt to modify a readonly table";

// Marks metatables of protected tables, as their element 1. Element 2 is the real table, element 3
// what getmetatable shows.
static char mark;

static int refuse_to_modify(lua_State *lua) {
  return luaL_error(lua, modify_text);
}

// The same from a library function: no place in the script is named.
static int refuse_bare(lua_State *lua) {
  lua_pushstring(lua, modify_text);
  return lua_error(lua);
}

// Puts a protected view of the table at `table` on the stack.
int wl_push_protected(lua_State *lua, int table) {
  if (table < 0) table = lua_gettop(lua) + table + 1;
  lua_newtable(lua);
  lua_createtable(lua, 3, 2);
  lua_pushlightuserdata(lua, &mark);
  lua_rawseti(lua, -2, 1);
  lua_pushvalue(lua, table);
  lua_rawseti(lua, -2, 2);
  lua_pushvalue(lua, table);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, refuse_to_modify);
  lua_setfield(lua, -2, "__newindex");
  lua_setmetatable(lua, -2);
  return 1;
}

bool wl_is_protected(lua_State *lua, int index) {
  if (!lua_istable(lua, index) || !lua_getmetatable(lua, index)) return false;
  lua_rawgeti(lua, -1, 1);
  bool is_protected = lua_touserdata(lua, -1) == &mark;
  lua_pop(lua, 2);
  return is_protected;
}

// Puts part `part` of a protected table's metatable on the stack.
static void push_part(lua_State *lua, int index, int part) {
  lua_getmetatable(lua, index);
  lua_rawgeti(lua, -1, part);
  lua_remove(lua, -2);
}

// MARK: - Functions that know protected tables

static int safe_next(lua_State *lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  if (wl_is_protected(lua, 1)) {
    push_part(lua, 1, 2);
    lua_replace(lua, 1);
  }
  if (lua_next(lua, 1)) return 2;
  lua_pushnil(lua);
  return 1;
}

static int safe_pairs(lua_State *lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

static int safe_rawget(lua_State *lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  if (wl_is_protected(lua, 1)) {
    push_part(lua, 1, 2);
    lua_replace(lua, 1);
  }
  lua_rawget(lua, 1);
  return 1;
}

static int safe_rawset(lua_State *lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  luaL_checkany(lua, 3);
  lua_settop(lua, 3);
  if (wl_is_protected(lua, 1)) return refuse_bare(lua);
  lua_rawset(lua, 1);
  return 1;
}

static int safe_getmetatable(lua_State *lua) {
  luaL_checkany(lua, 1);
  if (wl_is_protected(lua, 1)) {
    push_part(lua, 1, 3);
    return 1;
  }
  if (lua_type(lua, 1) == LUA_TSTRING) {
    lua_pushvalue(lua, lua_upvalueindex(1));
    return 1;
  }
  if (!lua_getmetatable(lua, 1)) {
    lua_pushnil(lua);
    return 1;
  }
  luaL_getmetafield(lua, 1, "__metatable");
  return 1;
}

static int safe_setmetatable(lua_State *lua) {
  int type = lua_type(lua, 2);
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_argcheck(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  if (wl_is_protected(lua, 1)) return refuse_bare(lua);
  if (luaL_getmetafield(lua, 1, "__metatable")) {
    return luaL_error(lua, "cannot change a protected metatable");
  }
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

// Calls the function that a safe one stands for, with the same arguments.
static int pass_on(lua_State *lua) {
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

static int refuse_protected(lua_State *lua) {
  if (wl_is_protected(lua, 1)) return refuse_bare(lua);
  return pass_on(lua);
}

// pcall as scripts of this kind have always known it: of an error that is a table, its text.
static int text_pcall(lua_State *lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);
  if (lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0) != 0) {
    lua_remove(lua, 1);
    if (lua_istable(lua, -1)) {
      lua_pushliteral(lua, "err");
      lua_rawget(lua, -2);
      if (lua_isstring(lua, -1)) {
        lua_replace(lua, -2);
      } else {
        lua_pop(lua, 1);
      }
    }
    lua_pushboolean(lua, 0);
    lua_insert(lua, 1);
  }
  return lua_gettop(lua);
}

static int safe_unpack(lua_State *lua) {
  // The difference of two ints may not fit one, which the library's own check overlooks.
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_Integer first = luaL_optint(lua, 2, 1);
  int last = lua_isnoneornil(lua, 3) ? (int)lua_objlen(lua, 1) : luaL_checkint(lua, 3);
  if (first > last) return 0;
  long long count = (long long)last - (int)first + 1;
  if (count >= 8000 || !lua_checkstack(lua, (int)count)) {
    return luaL_error(lua, "too many results to unpack");
  }
  for (long long index = 0; index < count; index++) {
    lua_rawgeti(lua, 1, (int)((int)first + index));
  }
  return (int)count;
}

static int safe_rep(lua_State *lua) {
  size_t length;
  luaL_checklstring(lua, 1, &length);
  long long count = luaL_checkint(lua, 2);
  if (count <= 0 || length == 0) {
    lua_pushliteral(lua, "");
    return 1;
  }
  wl_state *state = wl_state_of(lua);
  if (length > state->memory_max / (size_t)count) {
    return luaL_error(lua, "resulting string too large");
  }
  // Building it takes twice its size for a moment. Lua 5.1 does not collect when memory is
  // refused, so garbage has to go before.
  if (length * (size_t)count > (state->memory_max - state->memory) / 2) {
    lua_gc(lua, LUA_GCCOLLECT, 0);
  }
  return pass_on(lua);
}

static int watched_collector(lua_State *lua) {
  wl_state_of(lua)->touched_collector = true;
  return pass_on(lua);
}

// MARK: - Loading text

typedef struct text_reader {
  const char *text;
  size_t count;
  bool is_begun;
} text_reader;

static int end_loading(lua_State *lua, int status) {
  if (status == 0) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

static int safe_loadstring(lua_State *lua) {
  size_t count;
  const char *text = luaL_checklstring(lua, 1, &count);
  const char *name = luaL_optstring(lua, 2, text);
  // The parser's own copy of the name is not safe from the collector; this one keeps it.
  lua_pushstring(lua, name);
  if (count > 0 && text[0] == LUA_SIGNATURE[0]) {
    lua_pushliteral(lua, "attempt to load bytecode");
    return end_loading(lua, 1);
  }
  return end_loading(lua, luaL_loadbuffer(lua, text, count, name));
}

static const char *read_piece(lua_State *lua, void *context, size_t *count) {
  text_reader *reader = context;
  luaL_checkstack(lua, 2, "too many nested functions");
  lua_pushvalue(lua, 1);
  lua_call(lua, 0, 1);
  if (lua_isnil(lua, -1)) {
    *count = 0;
    return NULL;
  }
  if (!lua_isstring(lua, -1)) luaL_error(lua, "reader function must return a string");
  lua_replace(lua, 3);
  const char *piece = lua_tolstring(lua, 3, count);
  if (!reader->is_begun && *count > 0) {
    reader->is_begun = true;
    if (piece[0] == LUA_SIGNATURE[0]) luaL_error(lua, "attempt to load bytecode");
  }
  return piece;
}

static int safe_load(lua_State *lua) {
  text_reader reader = {NULL, 0, false};
  const char *name = luaL_optstring(lua, 2, "=(load)");
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  lua_settop(lua, 2);
  lua_pushnil(lua);             // 3: keeps the present piece
  lua_pushstring(lua, name);    // keeps the name, as above
  return end_loading(lua, lua_load(lua, read_piece, &reader, name));
}

// MARK: - Setting it up

// Replaces `table[name]`, the table at the top, by `function` with the old one as upvalue.
static void wrap(lua_State *lua, const char *name, lua_CFunction function) {
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, function, 1);
  lua_setfield(lua, -2, name);
}

static void open_library(lua_State *lua, lua_CFunction open) {
  lua_pushcfunction(lua, open);
  lua_call(lua, 0, 0);
}

static int no_such_global(lua_State *lua) {
  const char *name = lua_isstring(lua, 2) ? lua_tostring(lua, 2) : luaL_typename(lua, 2);
  return luaL_error(
      lua, "Script attempted to access nonexistent global variable '%s'", name);
}

// Has lookups in the table at the top that find nothing end in an error.
static void set_no_such_global(lua_State *lua) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, no_such_global);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

static const char *const kept_functions[] = {
    "_VERSION", "assert",   "collectgarbage", "error",  "gcinfo",   "ipairs",
    "rawequal", "select",   "tonumber",       "tostring", "type",   "xpcall", NULL,
};

static const luaL_Reg safe_functions[] = {
    {"next", safe_next},           {"rawget", safe_rawget},
    {"rawset", safe_rawset},       {"setmetatable", safe_setmetatable},
    {"unpack", safe_unpack},       {"loadstring", safe_loadstring},
    {"load", safe_load},           {"pcall", text_pcall},
    {NULL, NULL},
};

// Fills the table at the top with the basic functions. The libraries' globals are at `from`.
static void add_basic(lua_State *lua, int from) {
  for (const char *const *name = kept_functions; *name != NULL; name++) {
    lua_getfield(lua, from, *name);
    lua_setfield(lua, -2, *name);
  }
  for (const luaL_Reg *each = safe_functions; each->name != NULL; each++) {
    lua_pushcfunction(lua, each->func);
    lua_setfield(lua, -2, each->name);
  }
  wrap(lua, "collectgarbage", watched_collector);
  lua_getfield(lua, -1, "next");
  lua_pushcclosure(lua, safe_pairs, 1);
  lua_setfield(lua, -2, "pairs");
}

// Adds a protected view of the table at the top, which is taken off, to the globals below it.
static void add_protected(lua_State *lua, const char *name) {
  wl_push_protected(lua, -1);
  lua_setfield(lua, -3, name);
  lua_pop(lua, 1);
}

// The metatable of strings as scripts see it: protected, and leading to the protected library.
static void add_getmetatable(lua_State *lua) {
  lua_createtable(lua, 0, 1);
  lua_getfield(lua, -2, "string");
  lua_setfield(lua, -2, "__index");
  wl_push_protected(lua, -1);
  lua_pushcclosure(lua, safe_getmetatable, 1);
  lua_setfield(lua, -3, "getmetatable");
  lua_pop(lua, 1);
}

static void add_libraries(lua_State *lua, wl_state *state, int from) {
  static const char *const kept[] = {"coroutine", "math", "string", "table", NULL};
  for (const char *const *name = kept; *name != NULL; name++) {
    lua_getfield(lua, from, *name);
    if (strcmp(*name, "string") == 0) {
      wrap(lua, "rep", safe_rep);
      wl_install_patterns(lua);
    }
    if (strcmp(*name, "table") == 0) wrap(lua, "insert", refuse_protected);
    if (strcmp(*name, "math") == 0) wl_install_random(lua);
    add_protected(lua, *name);
  }
  lua_createtable(lua, 0, 1);
  lua_getfield(lua, from, "os");
  lua_getfield(lua, -1, "clock");
  lua_setfield(lua, -3, "clock");
  lua_pop(lua, 1);
  add_protected(lua, "os");
  wl_open_json(lua);
  add_protected(lua, "cjson");
  wl_open_msgpack(lua);
  add_protected(lua, "cmsgpack");
  wl_open_struct(lua);
  add_protected(lua, "struct");
  wl_open_bit(lua);
  add_protected(lua, "bit");
  wl_push_api(lua, state, false);
  wl_push_protected(lua, -1);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -4, "redis");
  lua_setfield(lua, -3, "server");
  lua_pop(lua, 1);
  add_getmetatable(lua);
}

// What a library of functions sees while it is loaded: nothing but the API to register them.
static void make_loading_globals(lua_State *lua, wl_state *state) {
  lua_newtable(lua);
  wl_push_api(lua, state, true);
  set_no_such_global(lua);
  wl_push_protected(lua, -1);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -4, "redis");
  lua_setfield(lua, -3, "server");
  lua_pop(lua, 1);
  set_no_such_global(lua);
  state->loading_globals = luaL_ref(lua, LUA_REGISTRYINDEX);
}

void wl_install_sandbox(lua_State *lua, wl_state *state) {
  static const lua_CFunction libraries[] = {
      luaopen_base, luaopen_table, luaopen_string, luaopen_math, luaopen_os, NULL,
  };
  for (const lua_CFunction *open = libraries; *open != NULL; open++) open_library(lua, *open);
  lua_settop(lua, 0);
  lua_pushvalue(lua, LUA_GLOBALSINDEX);  // 1: where the libraries have put everything
  lua_newtable(lua);                     // 2: the globals
  add_basic(lua, 1);
  add_libraries(lua, state, 1);
  wl_push_protected(lua, 2);  // 3: what scripts see as _G
  lua_getmetatable(lua, 3);   // 4
  // getmetatable(_G) shows a protected view of what is true enough.
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 3);
  lua_setfield(lua, -2, "__index");
  wl_push_protected(lua, -1);
  lua_rawseti(lua, 4, 3);
  lua_pop(lua, 1);
  lua_pushvalue(lua, 4);
  state->environment_meta = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_pushvalue(lua, 3);
  lua_setfield(lua, 2, "_G");
  lua_pushvalue(lua, 2);
  set_no_such_global(lua);
  state->globals = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_pushvalue(lua, 3);
  lua_replace(lua, LUA_GLOBALSINDEX);
  if (state->is_for_functions) make_loading_globals(lua, state);
  lua_settop(lua, 0);
  // `package` and its like were never opened; what they would keep in the registry is not there.
  lua_pushnil(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, "_LOADED");
}
