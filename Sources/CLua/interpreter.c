// The interpreter's life, and running code in it.
//
// Everything that can fail runs inside `lua_pcall`, called from functions here that hold nothing
// that a jump could lose: buffers belong to the state and are reused.
#include "internal.h"

static void *allocate(void *context, void *pointer, size_t old, size_t wanted) {
  wl_state *state = context;
  if (wanted == 0) {
    free(pointer);
    state->memory -= old;
    return NULL;
  }
  if (wanted > old && state->memory - old + wanted > state->memory_max) return NULL;
  void *moved = realloc(pointer, wanted);
  if (moved == NULL) return NULL;
  state->memory += wanted - old;
  return moved;
}

static int panic(lua_State *lua) {
  (void)lua;
  abort();  // An error outside of every protected call: a mistake of ours.
}

// MARK: - Time

static void tick(lua_State *lua, lua_Debug *debug);

void wl_tick(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  if (state->host == NULL) return;
  if (state->memory > state->memory_max / 4 && !state->touched_collector) {
    // The collector lets garbage grow to the size of what is in use. Near the limit it must not.
    state->touched_collector = true;
    lua_gc(lua, LUA_GCSETPAUSE, 110);
  }
  if (!state->was_killed) {
    int32_t reason = state->host->tick(state->host->context);
    if (reason == WL_GO_ON) return;
    state->was_killed = true;
    state->kill_reason = reason;
  }
  // From now on every line ends in this error, so that no pcall of the script keeps it alive.
  lua_sethook(lua, tick, LUA_MASKLINE | LUA_MASKCOUNT, 1000);
  switch (state->kill_reason) {
    case WL_KILL_FUNCTION: wl_raise(lua, "Script killed by user with FUNCTION KILL."); break;
    case WL_LOAD_TIMEOUT: wl_raise(lua, "FUNCTION LOAD timeout"); break;
    default: wl_raise(lua, "Script killed by user with SCRIPT KILL."); break;
  }
}

static void tick(lua_State *lua, lua_Debug *debug) {
  (void)debug;
  wl_tick(lua);
}

static void set_tick(wl_state *state) {
  lua_sethook(state->lua, tick, LUA_MASKCOUNT, WL_TICK_INSTRUCTIONS);
}

// MARK: - Errors

// Makes an error that is no table one, and adds where it was raised.
static int handle_error(lua_State *lua) {
  lua_Debug where;
  bool is_known = false;
  if (lua_getstack(lua, 1, &where) && lua_getinfo(lua, "Sl", &where)) {
    is_known = true;
    if (where.what[0] == 'C' && lua_getstack(lua, 2, &where)) {
      is_known = lua_getinfo(lua, "Sl", &where) != 0;
    }
  }
  if (!lua_istable(lua, 1) || wl_is_protected(lua, 1)) {
    size_t count = 0;
    const char *text = lua_isstring(lua, 1) ? lua_tolstring(lua, 1, &count) : NULL;
    if (text == NULL) {
      lua_pushfstring(lua, "ERR %s", luaL_typename(lua, 1));
    } else {
      lua_pushlstring(lua, "ERR ", 4);
      lua_pushlstring(lua, text, count);
      lua_concat(lua, 2);
    }
    lua_createtable(lua, 0, 3);
    lua_insert(lua, -2);
    lua_pushliteral(lua, "err");
    lua_insert(lua, -2);
    lua_rawset(lua, -3);
  } else {
    lua_pushvalue(lua, 1);
  }
  if (is_known) {
    lua_pushliteral(lua, "source");
    lua_pushstring(lua, where.source);
    lua_rawset(lua, -3);
    lua_pushliteral(lua, "line");
    lua_pushinteger(lua, where.currentline);
    lua_rawset(lua, -3);
  }
  return 1;
}

// Keeps what is to be told of the error at the top of the stack.
static int keep_error(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  state->line = -1;
  state->is_counted = false;
  if (!lua_istable(lua, 1)) {
    size_t count;
    const char *text = lua_tolstring(lua, 1, &count);
    if (text == NULL) {
      text = "execution failure";
      count = strlen(text);
    }
    wl_append(lua, &state->output, SIZE_MAX, text, count);
    return 0;
  }
  lua_pushliteral(lua, "err");
  lua_rawget(lua, 1);
  size_t count;
  const char *text = lua_tolstring(lua, -1, &count);
  if (text == NULL) {
    text = "ERR unknown error";
    count = strlen(text);
  }
  wl_append(lua, &state->output, SIZE_MAX, text, count);
  lua_pushliteral(lua, "source");
  lua_rawget(lua, 1);
  text = lua_tolstring(lua, -1, &count);
  if (text != NULL) wl_append(lua, &state->source, SIZE_MAX, text, count);
  lua_pushliteral(lua, "line");
  lua_rawget(lua, 1);
  if (lua_isnumber(lua, -1)) state->line = (int)lua_tointeger(lua, -1);
  lua_pushliteral(lua, "ignore_error_stats_update");
  lua_rawget(lua, 1);
  state->is_counted = lua_toboolean(lua, -1);
  return 0;
}

// Collecting may allocate, so it may fail.
static int collect(lua_State *lua) {
  lua_gc(lua, LUA_GCCOLLECT, 0);
  return 0;
}

// Turns the error at the top of the stack into a result.
static int32_t end_with_error(wl_state *state, int status) {
  lua_State *lua = state->lua;
  state->output.count = 0;
  state->source.count = 0;
  int32_t result = lua_istable(lua, -1) ? WL_ERROR : WL_FAILURE;
  // Garbage may be all that stands in the way of a few bytes for the error.
  if (status == LUA_ERRMEM && lua_cpcall(lua, collect, NULL) != 0) lua_pop(lua, 1);
  lua_pushcfunction(lua, keep_error);
  lua_insert(lua, -2);
  if (lua_pcall(lua, 1, 0, 0) != 0) {
    state->output.count = 0;
    result = WL_FAILURE;
  }
  lua_settop(lua, 0);
  return result;
}

// MARK: - Running

typedef struct frame {
  int reference;
  const wl_slice *keys;
  size_t key_count;
  const wl_slice *arguments;
  size_t argument_count;
  int version;
} frame;

static void push_slices(lua_State *lua, const wl_slice *slices, size_t count) {
  lua_createtable(lua, (int)count, 0);
  for (size_t index = 0; index < count; index++) {
    lua_pushlstring(lua, (const char *)slices[index].bytes, slices[index].count);
    lua_rawseti(lua, -2, (int)index + 1);
  }
}

// Calls the function with its keys and arguments, and writes its reply.
static int run(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  const frame *call = lua_touserdata(lua, 1);
  lua_settop(lua, 0);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, state->handler);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, call->reference);
  int argument_count = 0;
  if (state->is_for_functions) {
    push_slices(lua, call->keys, call->key_count);
    push_slices(lua, call->arguments, call->argument_count);
    argument_count = 2;
  } else {
    lua_rawgeti(lua, LUA_REGISTRYINDEX, state->globals);
    lua_pushliteral(lua, "KEYS");
    push_slices(lua, call->keys, call->key_count);
    lua_rawset(lua, -3);
    lua_pushliteral(lua, "ARGV");
    push_slices(lua, call->arguments, call->argument_count);
    lua_rawset(lua, -3);
    lua_pop(lua, 1);
  }
  int status = lua_pcall(lua, argument_count, 1, 1);
  if (status != 0) {
    // Handled already: nobody looks at the error that `lua_error` would make of it.
    lua_pushinteger(lua, status);
    return 2;
  }
  wl_write_reply(lua, state, call->version);
  return 0;
}

static void reset_collector(wl_state *state) {
  if (!state->touched_collector) return;
  state->touched_collector = false;
  lua_gc(state->lua, LUA_GCRESTART, 0);
  lua_gc(state->lua, LUA_GCSETPAUSE, 200);
  lua_gc(state->lua, LUA_GCSETSTEPMUL, 200);
}

static void begin(wl_state *state, const wl_host *host) {
  state->host = host;
  state->version = 2;
  state->output.count = 0;
  state->source.count = 0;
  state->line = -1;
  state->is_counted = false;
}

// Something large that was built once must not stay in memory.
static void shrink(wl_buffer *buffer) {
  if (buffer->capacity <= 1 << 20) return;
  uint8_t *smaller = realloc(buffer->bytes, buffer->count + 1);
  if (smaller == NULL) return;
  buffer->bytes = smaller;
  buffer->capacity = buffer->count + 1;
}

static void end(wl_state *state) {
  state->host = NULL;
  if (state->was_killed) {
    state->was_killed = false;
    set_tick(state);
  }
  reset_collector(state);
  state->scratch.count = 0;
  shrink(&state->scratch);
  shrink(&state->output);
}

int32_t wl_run(
    wl_state *state, const wl_host *host, int32_t reference, const wl_slice *keys,
    size_t key_count, const wl_slice *arguments, size_t argument_count, int32_t version) {
  lua_State *lua = state->lua;
  frame call = {reference, keys, key_count, arguments, argument_count, version};
  begin(state, host);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, state->runner);
  lua_pushlightuserdata(lua, &call);
  int status = lua_pcall(lua, 1, LUA_MULTRET, 0);
  int32_t result = WL_REPLY;
  if (status != 0) {
    result = end_with_error(state, status);
  } else if (lua_gettop(lua) == 2) {
    status = (int)lua_tointeger(lua, 2);
    lua_settop(lua, 1);
    result = end_with_error(state, status);
  }
  lua_settop(lua, 0);
  end(state);
  return result;
}

typedef struct source {
  const uint8_t *body;
  size_t count;
  const char *name;
  int32_t reference;
} source;

// Compiles text; bytecode is refused, it could do anything.
static void compile(lua_State *lua, const source *code) {
  if (code->count > 0 && code->body[0] == LUA_SIGNATURE[0]) {
    lua_pushliteral(lua, "attempt to load bytecode");
    lua_error(lua);
  }
  // On the stack while the parser works: it holds the name in a place that the collector does not
  // see.
  lua_pushstring(lua, code->name);
  if (luaL_loadbuffer(lua, (const char *)code->body, code->count, code->name) != 0) {
    lua_error(lua);
  }
}

static int compile_script(lua_State *lua) {
  source *code = lua_touserdata(lua, 1);
  compile(lua, code);
  code->reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

int32_t wl_compile(wl_state *state, const uint8_t *body, size_t count, int32_t *reference) {
  source code = {body, count, "@user_script", LUA_NOREF};
  begin(state, NULL);
  int status = lua_cpcall(state->lua, compile_script, &code);
  if (status != 0) {
    end_with_error(state, status);
    return WL_ERROR;
  }
  *reference = code.reference;
  return WL_REPLY;
}

// Sets what globals are looked up in by the code that runs from now on.
static void set_globals(lua_State *lua, wl_state *state, int reference) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, state->environment_meta);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, reference);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
}

static int load_library(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  source *code = lua_touserdata(lua, 1);
  compile(lua, code);
  code->reference = 0;
  set_globals(lua, state, state->loading_globals);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, state->handler);
  lua_insert(lua, -2);
  if (lua_pcall(lua, 0, 0, -2) != 0) lua_error(lua);
  return 0;
}

static int restore_globals(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  set_globals(lua, state, state->globals);
  return 0;
}

int32_t wl_load(wl_state *state, const wl_host *host, const uint8_t *body, size_t count) {
  source code = {body, count, "@user_function", LUA_NOREF};
  begin(state, host);
  state->is_loading = true;
  int status = lua_cpcall(state->lua, load_library, &code);
  state->is_loading = false;
  int32_t result = WL_REPLY;
  // Where it was compiled, it is what it does that is wrong.
  if (status != 0) result = code.reference == LUA_NOREF ? WL_FAILURE : WL_ERROR;
  if (status != 0) end_with_error(state, status);
  // Needs no memory: the field is there.
  lua_cpcall(state->lua, restore_globals, NULL);
  lua_settop(state->lua, 0);
  end(state);
  return result;
}

void wl_release(wl_state *state, int32_t reference) {
  luaL_unref(state->lua, LUA_REGISTRYINDEX, reference);
}

wl_slice wl_output(const wl_state *state) {
  return (wl_slice){state->output.bytes, state->output.count};
}

wl_slice wl_error_source(const wl_state *state) {
  return (wl_slice){state->source.bytes, state->source.count};
}

int32_t wl_error_line(const wl_state *state) { return state->line; }

int32_t wl_error_is_counted(const wl_state *state) { return state->is_counted; }

// MARK: - Life

static int open(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  wl_install_sandbox(lua, state);
  lua_pushcfunction(lua, handle_error);
  state->handler = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_pushcfunction(lua, run);
  state->runner = luaL_ref(lua, LUA_REGISTRYINDEX);
  // From here on giving a reference back needs no memory: the head of the list of free ones is
  // there.
  lua_pushboolean(lua, 1);
  luaL_unref(lua, LUA_REGISTRYINDEX, luaL_ref(lua, LUA_REGISTRYINDEX));
  collect(lua);
  return 0;
}

wl_state *wl_new(
    size_t memory_max, int32_t is_for_functions, const char *version, uint32_t version_number,
    uint64_t seed) {
  wl_state *state = calloc(1, sizeof *state);
  if (state == NULL) return NULL;
  state->memory_max = memory_max;
  state->is_for_functions = is_for_functions != 0;
  state->server_version = version;
  state->version_number = version_number;
  state->random = seed & 0xFFFFFFFFFFFF;
  state->version = 2;
  state->lua = lua_newstate(allocate, state);
  if (state->lua == NULL) {
    free(state);
    return NULL;
  }
  lua_atpanic(state->lua, panic);
  if (lua_cpcall(state->lua, open, NULL) != 0) {
    wl_free(state);
    return NULL;
  }
  set_tick(state);
  return state;
}

void wl_free(wl_state *state) {
  lua_close(state->lua);
  free(state->output.bytes);
  free(state->source.bytes);
  free(state->scratch.bytes);
  free(state->arguments);
  free(state->numbers);
  free(state);
}

size_t wl_memory(const wl_state *state) { return state->memory; }

void wl_set_memory_max(wl_state *state, size_t memory_max) { state->memory_max = memory_max; }
