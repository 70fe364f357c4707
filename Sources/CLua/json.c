// cjson: the table, its settings, and cjson.encode, with the behaviour of lua-cjson 2.1.
#include "json_settings.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

// MARK: - Encoding

typedef struct encoder {
  lua_State *lua;
  wl_state *state;
  const json_settings *settings;
} encoder;

static void put(const encoder *out, const void *bytes, size_t count) {
  wl_append(out->lua, &out->state->scratch, out->state->memory_max, bytes, count);
}

static void put_text(const encoder *out, const char *text) { put(out, text, strlen(text)); }

static void put_string(const encoder *out, const char *bytes, size_t count) {
  put(out, "\"", 1);
  size_t start = 0;
  for (size_t index = 0; index < count; index++) {
    unsigned char byte = (unsigned char)bytes[index];
    char escape[8] = {'\\', 0};
    size_t length = 2;
    switch (byte) {
      case '"': escape[1] = '"'; break;
      case '\\': escape[1] = '\\'; break;
      case '/': escape[1] = '/'; break;
      case '\b': escape[1] = 'b'; break;
      case '\t': escape[1] = 't'; break;
      case '\n': escape[1] = 'n'; break;
      case '\f': escape[1] = 'f'; break;
      case '\r': escape[1] = 'r'; break;
      default:
        if (byte >= 32 && byte != 127) continue;
        length = (size_t)snprintf(escape, sizeof escape, "\\u%04x", byte);
    }
    put(out, bytes + start, index - start);
    put(out, escape, length);
    start = index + 1;
  }
  put(out, bytes + start, count - start);
  put(out, "\"", 1);
}

static void put_number(const encoder *out, double number) {
  if (isinf(number) || isnan(number)) {
    if (out->settings->encode_invalid == 0) {
      luaL_error(out->lua, "Cannot serialise number: must not be NaN or Inf");
    }
    if (out->settings->encode_invalid == 2) return put_text(out, "null");
    if (isnan(number)) return put_text(out, "nan");
  }
  char text[64];
  int length = snprintf(text, sizeof text, "%.*g", out->settings->precision, number);
  put(out, text, (size_t)length);
}

// The length of the table at the top as an array; -1 when it is none.
static int array_length(const encoder *out) {
  lua_State *lua = out->lua;
  double last = 0;
  int count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    double key = lua_type(lua, -2) == LUA_TNUMBER ? lua_tonumber(lua, -2) : 0;
    if (!(key >= 1 && floor(key) == key && key <= INT_MAX)) {
      lua_pop(lua, 2);
      return -1;
    }
    if (key > last) last = key;
    count++;
    lua_pop(lua, 1);
  }
  const json_settings *settings = out->settings;
  if (settings->sparse_ratio > 0 && last > (double)count * settings->sparse_ratio &&
      last > settings->sparse_safe) {
    if (!settings->converts_sparse) {
      luaL_error(lua, "Cannot serialise table: excessively sparse array");
    }
    return -1;
  }
  return (int)last;
}

static void put_value(const encoder *out, int depth);

static void put_object(const encoder *out, int depth) {
  lua_State *lua = out->lua;
  bool is_first = true;
  put(out, "{", 1);
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    if (!is_first) put(out, ",", 1);
    is_first = false;
    if (lua_type(lua, -2) == LUA_TNUMBER) {
      put(out, "\"", 1);
      put_number(out, lua_tonumber(lua, -2));
      put(out, "\":", 2);
    } else if (lua_type(lua, -2) == LUA_TSTRING) {
      size_t count;
      const char *key = lua_tolstring(lua, -2, &count);
      put_string(out, key, count);
      put(out, ":", 1);
    } else {
      luaL_error(lua, "Cannot serialise table: table key must be a number or string");
    }
    put_value(out, depth);
    lua_pop(lua, 1);
  }
  put(out, "}", 1);
}

static void put_table(const encoder *out, int depth) {
  lua_State *lua = out->lua;
  depth++;
  if (depth > out->settings->encode_depth_max || !lua_checkstack(lua, 8)) {
    luaL_error(lua, "Cannot serialise, excessive nesting (%d)", depth);
  }
  int count = array_length(out);
  if (count <= 0) return put_object(out, depth);
  put(out, "[", 1);
  for (int index = 1; index <= count; index++) {
    if (index > 1) put(out, ",", 1);
    lua_rawgeti(lua, -1, index);
    put_value(out, depth);
    lua_pop(lua, 1);
  }
  put(out, "]", 1);
}

static void put_value(const encoder *out, int depth) {
  lua_State *lua = out->lua;
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t count;
      const char *bytes = lua_tolstring(lua, -1, &count);
      put_string(out, bytes, count);
      break;
    }
    case LUA_TNUMBER: put_number(out, lua_tonumber(lua, -1)); break;
    case LUA_TBOOLEAN: put_text(out, lua_toboolean(lua, -1) ? "true" : "false"); break;
    case LUA_TTABLE: put_table(out, depth); break;
    case LUA_TNIL: put_text(out, "null"); break;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(lua, -1) == NULL) {
        put_text(out, "null");
        break;
      }
      // Falls through.
    default:
      luaL_error(lua, "Cannot serialise %s: type not supported", luaL_typename(lua, -1));
  }
}

int json_encode(lua_State *lua) {
  luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
  wl_state *state = wl_state_of(lua);
  encoder out = {lua, state, json_settings_of(lua)};
  state->scratch.count = 0;
  put_value(&out, 0);
  lua_pushlstring(lua, (const char *)state->scratch.bytes, state->scratch.count);
  return 1;
}

// MARK: - Settings

static json_settings *begin_setting(lua_State *lua, int count) {
  luaL_argcheck(lua, lua_gettop(lua) <= count, count + 1, "found too many arguments");
  lua_settop(lua, count);
  return json_settings_of(lua);
}

static int integer_setting(lua_State *lua, int index, int *setting, int first, int last) {
  if (!lua_isnil(lua, index)) {
    lua_Integer value = luaL_checkinteger(lua, index);
    char text[64];
    snprintf(text, sizeof text, "expected integer between %d and %d", first, last);
    luaL_argcheck(lua, first <= value && value <= last, 1, text);
    *setting = (int)value;
  }
  lua_pushinteger(lua, *setting);
  return 1;
}

static int choice_setting(
    lua_State *lua, int index, int *setting, const char *const options[]) {
  if (!lua_isnil(lua, index)) {
    *setting = lua_isboolean(lua, index) ? lua_toboolean(lua, index)
                                         : luaL_checkoption(lua, index, NULL, options);
  }
  if (*setting < 2) {
    lua_pushboolean(lua, *setting);
  } else {
    lua_pushstring(lua, options[*setting]);
  }
  return 1;
}

static const char *const off_on[] = {"off", "on", NULL};
static const char *const off_on_null[] = {"off", "on", "null", NULL};

static int encode_sparse_array(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 3);
  choice_setting(lua, 1, &settings->converts_sparse, off_on);
  integer_setting(lua, 2, &settings->sparse_ratio, 0, INT_MAX);
  return integer_setting(lua, 3, &settings->sparse_safe, 0, INT_MAX) + 2;
}

static int encode_max_depth(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 1);
  return integer_setting(lua, 1, &settings->encode_depth_max, 1, INT_MAX);
}

static int decode_max_depth(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 1);
  return integer_setting(lua, 1, &settings->decode_depth_max, 1, INT_MAX);
}

static int encode_number_precision(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 1);
  return integer_setting(lua, 1, &settings->precision, 1, 14);
}

static int encode_keep_buffer(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 1);
  return choice_setting(lua, 1, &settings->keeps_buffer, off_on);
}

static int encode_invalid_numbers(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 1);
  return choice_setting(lua, 1, &settings->encode_invalid, off_on_null);
}

static int decode_invalid_numbers(lua_State *lua) {
  json_settings *settings = begin_setting(lua, 1);
  return choice_setting(lua, 1, &settings->decode_invalid, off_on);
}

// MARK: - The table

static const luaL_Reg functions[] = {
    {"encode", json_encode},
    {"decode", json_decode},
    {"encode_sparse_array", encode_sparse_array},
    {"encode_max_depth", encode_max_depth},
    {"decode_max_depth", decode_max_depth},
    {"encode_number_precision", encode_number_precision},
    {"encode_keep_buffer", encode_keep_buffer},
    {"encode_invalid_numbers", encode_invalid_numbers},
    {"decode_invalid_numbers", decode_invalid_numbers},
    {"new", wl_open_json},
    {NULL, NULL},
};

int wl_open_json(lua_State *lua) {
  static const json_settings defaults = {0, 2, 10, 1000, 1000, 0, 1, 14, 1};
  lua_newtable(lua);
  json_settings *settings = lua_newuserdata(lua, sizeof *settings);
  *settings = defaults;
  for (const luaL_Reg *each = functions; each->name != NULL; each++) {
    lua_pushvalue(lua, -1);
    lua_pushcclosure(lua, each->func, 1);
    lua_setfield(lua, -3, each->name);
  }
  lua_pop(lua, 1);
  lua_pushlightuserdata(lua, NULL);
  lua_setfield(lua, -2, "null");
  lua_pushliteral(lua, "cjson");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "2.1.0");
  lua_setfield(lua, -2, "_VERSION");
  return 1;
}
