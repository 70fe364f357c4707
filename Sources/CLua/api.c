// The table `redis`.
#include "internal.h"

#include <stdio.h>
#include <strings.h>

// MARK: - Errors as tables

// Pushes {err = text}. A text that begins with "-" brings its own code, any other gets "ERR".
void wl_push_error(lua_State *lua, const char *text, size_t count, bool is_counted) {
  while (count > 0 && (text[count - 1] == '\n' || text[count - 1] == '\r')) count--;
  lua_createtable(lua, 0, 4);
  lua_pushliteral(lua, "err");
  if (count > 0 && text[0] == '-') {
    const char *space = memchr(text, ' ', count);
    if (space == NULL) {
      lua_pushliteral(lua, "ERR ");
      lua_pushlstring(lua, text + 1, count - 1);
      lua_concat(lua, 2);
    } else {
      lua_pushlstring(lua, text + 1, count - 1);
    }
  } else {
    lua_pushliteral(lua, "ERR ");
    lua_pushlstring(lua, text, count);
    lua_concat(lua, 2);
  }
  lua_rawset(lua, -3);
  if (is_counted) {
    lua_pushliteral(lua, "ignore_error_stats_update");
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
  }
}

static void push_error(lua_State *lua, const char *text) {
  wl_push_error(lua, text, strlen(text), false);
}

int wl_raise(lua_State *lua, const char *text) {
  push_error(lua, text);
  return lua_error(lua);
}

// MARK: - Commands

// Makes room for the arguments of a command.
static bool reserve(wl_state *state, size_t count) {
  if (count <= state->argument_capacity) return true;
  size_t capacity = count < 16 ? 16 : count * 2;
  wl_slice *arguments = realloc(state->arguments, capacity * sizeof *arguments);
  if (arguments == NULL) return false;
  state->arguments = arguments;
  char *numbers = realloc(state->numbers, capacity * WL_NUMBER_LENGTH);
  if (numbers == NULL) return false;
  state->numbers = numbers;
  state->argument_capacity = capacity;
  return true;
}

// The number as scripts have always had it in arguments: integers in digits, all else with 17.
static int argument_text(char *text, double number) {
  if (number >= -1e15 && number <= 1e15 && number == (double)(long long)number) {
    long long value = (long long)number;
    unsigned long long rest = (unsigned long long)value;
    if (value < 0) rest = 0ULL - rest;
    char digits[24];
    int count = 0;
    do {
      digits[count++] = (char)('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    int length = 0;
    if (value < 0 || (value == 0 && 1 / number < 0)) text[length++] = '-';
    while (count > 0) text[length++] = digits[--count];
    return length;
  }
  return snprintf(text, WL_NUMBER_LENGTH, "%.17g", number);
}

// Turns the arguments on the stack into slices; they stay on the stack meanwhile.
//
// Returns what is wrong, or NULL.
static const char *collect(lua_State *lua, wl_state *state, int count) {
  if (count == 0) return "Please specify at least one argument for this redis lib call";
  if (!reserve(state, (size_t)count)) return "not enough memory";
  for (int index = 0; index < count; index++) {
    wl_slice *slice = state->arguments + index;
    switch (lua_type(lua, index + 1)) {
      case LUA_TSTRING: {
        slice->bytes = (const uint8_t *)lua_tolstring(lua, index + 1, &slice->count);
        break;
      }
      case LUA_TNUMBER: {
        char *text = state->numbers + (size_t)index * WL_NUMBER_LENGTH;
        slice->bytes = (const uint8_t *)text;
        slice->count = (size_t)argument_text(text, lua_tonumber(lua, index + 1));
        break;
      }
      default: return "Lua redis lib command arguments must be strings or integers";
    }
  }
  return NULL;
}

static int call(lua_State *lua, bool raises) {
  wl_state *state = wl_state_of(lua);
  if (state->host == NULL || state->is_loading) {
    return wl_raise(lua, "redis.call/pcall can only be called inside a script invocation");
  }
  int count = lua_gettop(lua);
  const char *fault = collect(lua, state, count);
  if (fault != NULL) {
    push_error(lua, fault);
    return raises ? lua_error(lua) : 1;
  }
  wl_slice reply = {NULL, 0};
  state->host->call(state->host->context, state->arguments, (size_t)count, &reply);
  // The arguments have been used; they may fill all of the stack that there is.
  lua_settop(lua, 0);
  bool failed = reply.count > 0 && reply.bytes[0] == '-';
  wl_push_reply(lua, reply);
  return raises && failed ? lua_error(lua) : 1;
}

static int redis_call(lua_State *lua) { return call(lua, true); }

static int redis_pcall(lua_State *lua) { return call(lua, false); }

static int redis_acl_check_cmd(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  if (state->host == NULL || state->is_loading) {
    return wl_raise(lua, "redis.acl_check_cmd can only be called inside a script invocation");
  }
  int count = lua_gettop(lua);
  const char *fault = collect(lua, state, count);
  if (fault != NULL) return wl_raise(lua, fault);
  int32_t answer = state->host->allows(state->host->context, state->arguments, (size_t)count);
  if (answer < 0) return wl_raise(lua, "Invalid command passed to redis.acl_check_cmd()");
  lua_pushboolean(lua, answer);
  return 1;
}

// MARK: - Replies

static int single_field(lua_State *lua, const char *field) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    push_error(lua, "wrong number or type of arguments");
    return 1;
  }
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, field);
  return 1;
}

static int redis_status_reply(lua_State *lua) { return single_field(lua, "ok"); }

static int redis_error_reply(lua_State *lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    push_error(lua, "wrong number or type of arguments");
    return 1;
  }
  size_t count;
  const char *text = lua_tolstring(lua, 1, &count);
  if (count > 0 && text[0] == '-') {
    wl_push_error(lua, text, count, false);
  } else {
    // Its first word is its code.
    lua_pushliteral(lua, "-");
    lua_pushvalue(lua, 1);
    lua_concat(lua, 2);
    text = lua_tolstring(lua, -1, &count);
    wl_push_error(lua, text, count, false);
  }
  return 1;
}

// MARK: - The rest

static int redis_sha1hex(lua_State *lua) {
  if (lua_gettop(lua) != 1) return wl_raise(lua, "wrong number of arguments");
  size_t count;
  const char *text = lua_tolstring(lua, 1, &count);
  char digits[40];
  wl_sha1((const uint8_t *)(text == NULL ? "" : text), text == NULL ? 0 : count, digits);
  lua_pushlstring(lua, digits, sizeof digits);
  return 1;
}

static int redis_log(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  int count = lua_gettop(lua);
  if (count < 2) return wl_raise(lua, "redis.log() requires two arguments or more.");
  if (!lua_isnumber(lua, 1)) return wl_raise(lua, "First argument must be a number (log level).");
  lua_Number level = lua_tonumber(lua, 1);
  if (!(level >= 0 && level <= 3)) return wl_raise(lua, "Invalid debug level.");
  luaL_Buffer text;
  luaL_buffinit(lua, &text);
  for (int index = 2; index <= count; index++) {
    if (!lua_isstring(lua, index)) continue;
    if (index > 2) luaL_addchar(&text, ' ');
    lua_pushvalue(lua, index);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  size_t length;
  const char *bytes = lua_tolstring(lua, -1, &length);
  if (state->host != NULL) {
    state->host->log(state->host->context, (int32_t)level, (const uint8_t *)bytes, length);
  }
  return 0;
}

static int redis_setresp(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  if (lua_gettop(lua) != 1) return wl_raise(lua, "redis.setresp() requires one argument.");
  lua_Number version = lua_tonumber(lua, -1);
  if (version != 2 && version != 3) return wl_raise(lua, "RESP version must be 2 or 3.");
  state->version = (int)version;
  if (state->host != NULL) state->host->set_version(state->host->context, (int32_t)version);
  return 0;
}

static int redis_set_repl(lua_State *lua) {
  if (lua_gettop(lua) != 1) return wl_raise(lua, "redis.set_repl() requires one argument.");
  lua_Number flags = lua_tonumber(lua, 1);
  if (!(flags >= 0 && flags <= 3)) {
    return wl_raise(
        lua,
        "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  return 0;
}

static int redis_replicate_commands(lua_State *lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

static int redis_breakpoint(lua_State *lua) {
  lua_pushboolean(lua, 0);
  return 1;
}

static int redis_debug(lua_State *lua) {
  (void)lua;
  return 0;
}

// MARK: - redis.register_function

// Reads the flags in the table at the top.
//
// Returns false for one that does not exist.
static bool read_flags(lua_State *lua, uint32_t *flags) {
  static const struct {
    const char *name;
    uint32_t flag;
  } known[] = {
      {"no-writes", WL_NO_WRITES},     {"allow-oom", WL_ALLOW_OOM},
      {"allow-stale", WL_ALLOW_STALE}, {"no-cluster", WL_NO_CLUSTER},
      {"allow-cross-slot-keys", WL_ALLOW_CROSS_SLOT_KEYS},
  };
  for (int index = 1;; index++) {
    lua_rawgeti(lua, -1, index);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      return true;
    }
    if (!lua_isstring(lua, -1)) return false;
    const char *name = lua_tostring(lua, -1);
    bool found = false;
    for (size_t place = 0; place < sizeof known / sizeof *known; place++) {
      if (strcmp(name, known[place].name) != 0) continue;
      *flags |= known[place].flag;
      found = true;
    }
    if (!found) return false;
    lua_pop(lua, 1);
  }
}

// Leaves name, function and description at 2, 3, 4 from the table at 1.
static const char *read_named(lua_State *lua, uint32_t *flags) {
  lua_settop(lua, 1);
  lua_pushnil(lua);  // 2
  lua_pushnil(lua);  // 3
  lua_pushnil(lua);  // 4
  lua_pushnil(lua);
  while (lua_next(lua, 1)) {  // 5: key, 6: value
    if (!lua_isstring(lua, 5) || lua_type(lua, 5) == LUA_TNUMBER) {
      return "named argument key given to redis.register_function is not a string";
    }
    const char *key = lua_tostring(lua, 5);
    if (strcasecmp(key, "function_name") == 0) {
      if (lua_type(lua, 6) != LUA_TSTRING) {
        return "function_name argument given to redis.register_function must be a string";
      }
      lua_pushvalue(lua, 6);
      lua_replace(lua, 2);
    } else if (strcasecmp(key, "description") == 0) {
      if (lua_type(lua, 6) != LUA_TSTRING) {
        return "description argument given to redis.register_function must be a string";
      }
      lua_pushvalue(lua, 6);
      lua_replace(lua, 4);
    } else if (strcasecmp(key, "callback") == 0) {
      if (!lua_isfunction(lua, 6)) {
        return "callback argument given to redis.register_function must be a function";
      }
      lua_pushvalue(lua, 6);
      lua_replace(lua, 3);
    } else if (strcasecmp(key, "flags") == 0) {
      if (!lua_istable(lua, 6)) {
        return "flags argument to redis.register_function must be a table representing function "
               "flags";
      }
      if (!read_flags(lua, flags)) return "unknown flag given";
    } else {
      return "unknown argument given to redis.register_function";
    }
    lua_settop(lua, 5);
  }
  lua_settop(lua, 4);
  if (lua_isnil(lua, 2)) return "redis.register_function must get a function name argument";
  if (lua_isnil(lua, 3)) return "redis.register_function must get a callback argument";
  return NULL;
}

static const char *read_positional(lua_State *lua) {
  if (lua_type(lua, 1) != LUA_TSTRING) {
    return "first argument to redis.register_function must be a string";
  }
  if (!lua_isfunction(lua, 2)) {
    return "second argument to redis.register_function must be a function";
  }
  lua_settop(lua, 2);
  lua_pushnil(lua);
  lua_insert(lua, 1);
  lua_pushnil(lua);
  return NULL;
}

static int redis_register_function(lua_State *lua) {
  wl_state *state = wl_state_of(lua);
  if (state->host == NULL || !state->is_loading) {
    return wl_raise(
        lua, "redis.register_function can only be called on FUNCTION LOAD command");
  }
  int count = lua_gettop(lua);
  uint32_t flags = 0;
  const char *fault;
  if (count < 1 || count > 2) {
    fault = "wrong number of arguments to redis.register_function";
  } else if (count == 2) {
    fault = read_positional(lua);
  } else if (!lua_istable(lua, 1)) {
    fault = "calling redis.register_function with a single argument is only applicable to Lua "
            "table (representing named arguments).";
  } else {
    fault = read_named(lua, &flags);
  }
  if (fault != NULL) return wl_raise(lua, fault);
  wl_slice name, description = {NULL, 0};
  name.bytes = (const uint8_t *)lua_tolstring(lua, 2, &name.count);
  if (!lua_isnil(lua, 4)) {
    description.bytes = (const uint8_t *)lua_tolstring(lua, 4, &description.count);
  }
  lua_pushvalue(lua, 3);
  int reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  fault = state->host->add_function(state->host->context, name, description, flags, reference);
  if (fault != NULL) {
    luaL_unref(lua, LUA_REGISTRYINDEX, reference);
    return wl_raise(lua, fault);
  }
  return 0;
}

// MARK: - The table

static const luaL_Reg functions[] = {
    {"call", redis_call},
    {"pcall", redis_pcall},
    {"acl_check_cmd", redis_acl_check_cmd},
    {"error_reply", redis_error_reply},
    {"status_reply", redis_status_reply},
    {"sha1hex", redis_sha1hex},
    {"setresp", redis_setresp},
    {"set_repl", redis_set_repl},
    {NULL, NULL},
};

// Those that only scripts have, not functions.
static const luaL_Reg script_functions[] = {
    {"replicate_commands", redis_replicate_commands},
    {"breakpoint", redis_breakpoint},
    {"debug", redis_debug},
    {NULL, NULL},
};

static void add_functions(lua_State *lua, const luaL_Reg *all) {
  for (; all->name != NULL; all++) {
    lua_pushcfunction(lua, all->func);
    lua_setfield(lua, -2, all->name);
  }
}

static void add_number(lua_State *lua, const char *name, double value) {
  lua_pushnumber(lua, value);
  lua_setfield(lua, -2, name);
}

void wl_push_api(lua_State *lua, wl_state *state, bool is_for_loading) {
  lua_newtable(lua);
  lua_pushcfunction(lua, redis_log);
  lua_setfield(lua, -2, "log");
  add_number(lua, "LOG_DEBUG", 0);
  add_number(lua, "LOG_VERBOSE", 1);
  add_number(lua, "LOG_NOTICE", 2);
  add_number(lua, "LOG_WARNING", 3);
  lua_pushstring(lua, state->server_version);
  lua_setfield(lua, -2, "REDIS_VERSION");
  add_number(lua, "REDIS_VERSION_NUM", state->version_number);
  if (is_for_loading) {
    lua_pushcfunction(lua, redis_register_function);
    lua_setfield(lua, -2, "register_function");
    return;
  }
  add_functions(lua, functions);
  if (!state->is_for_functions) add_functions(lua, script_functions);
  add_number(lua, "REPL_NONE", 0);
  add_number(lua, "REPL_AOF", 1);
  add_number(lua, "REPL_SLAVE", 2);
  add_number(lua, "REPL_REPLICA", 2);
  add_number(lua, "REPL_ALL", 3);
}
