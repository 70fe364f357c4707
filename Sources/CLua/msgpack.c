// cmsgpack: MessagePack with the behaviour of lua-cmsgpack 0.4.
#include "internal.h"

#include <limits.h>
#include <math.h>

// MARK: - Packing

// Deeper tables are packed as nil: that ends circles.
enum { NESTING_MAX = 16 };

typedef struct packer {
  lua_State *lua;
  wl_state *state;
} packer;

static void put(const packer *out, const void *bytes, size_t count) {
  wl_append(out->lua, &out->state->scratch, out->state->memory_max, bytes, count);
}

// A type byte and the lowest `count` bytes of a number, the highest first.
static void put_number(const packer *out, uint8_t type, uint64_t value, int count) {
  uint8_t bytes[9] = {type};
  for (int index = 0; index < count; index++) {
    bytes[1 + index] = (uint8_t)(value >> (count - 1 - index) * 8);
  }
  put(out, bytes, (size_t)count + 1);
}

static void put_integer(const packer *out, int64_t value) {
  if (value >= 0) {
    if (value <= 127) return put_number(out, (uint8_t)value, 0, 0);
    if (value <= 0xFF) return put_number(out, 0xCC, (uint64_t)value, 1);
    if (value <= 0xFFFF) return put_number(out, 0xCD, (uint64_t)value, 2);
    if (value <= 0xFFFFFFFFLL) return put_number(out, 0xCE, (uint64_t)value, 4);
    return put_number(out, 0xCF, (uint64_t)value, 8);
  }
  if (value >= -32) return put_number(out, (uint8_t)value, 0, 0);
  if (value >= -128) return put_number(out, 0xD0, (uint64_t)value, 1);
  if (value >= -32768) return put_number(out, 0xD1, (uint64_t)value, 2);
  if (value >= -2147483648LL) return put_number(out, 0xD2, (uint64_t)value, 4);
  put_number(out, 0xD3, (uint64_t)value, 8);
}

static void put_double(const packer *out, double value) {
  float single = (float)value;
  if (value == (double)single) {
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return put_number(out, 0xCA, bits, 4);
  }
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_number(out, 0xCB, bits, 8);
}

static void put_string(const packer *out, const char *bytes, size_t count) {
  if (count < 32) {
    put_number(out, (uint8_t)(0xA0 | count), 0, 0);
  } else if (count <= 0xFF) {
    put_number(out, 0xD9, count, 1);
  } else if (count <= 0xFFFF) {
    put_number(out, 0xDA, count, 2);
  } else {
    put_number(out, 0xDB, count, 4);
  }
  put(out, bytes, count);
}

static void put_value(const packer *out, int level);

// Whether the keys of the table at the top are 1 to `*count`.
static bool is_array(lua_State *lua, size_t *count) {
  double last = 0;
  *count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    lua_pop(lua, 1);
    double key = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
    if (!(key > 0 && key <= INT_MAX && key == floor(key))) {
      lua_pop(lua, 1);
      return false;
    }
    if (key > last) last = key;
    *count += 1;
  }
  return last == (double)*count;
}

static void put_array(const packer *out, size_t count, int level) {
  if (count <= 15) {
    put_number(out, (uint8_t)(0x90 | count), 0, 0);
  } else if (count <= 0xFFFF) {
    put_number(out, 0xDC, count, 2);
  } else {
    put_number(out, 0xDD, count, 4);
  }
  for (size_t index = 1; index <= count; index++) {
    lua_rawgeti(out->lua, -1, (int)index);
    put_value(out, level + 1);
  }
}

static void put_map(const packer *out, int level) {
  lua_State *lua = out->lua;
  size_t count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    lua_pop(lua, 1);
    count++;
  }
  if (count <= 15) {
    put_number(out, (uint8_t)(0x80 | count), 0, 0);
  } else if (count <= 0xFFFF) {
    put_number(out, 0xDE, count, 2);
  } else {
    put_number(out, 0xDF, count, 4);
  }
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    lua_pushvalue(lua, -2);
    put_value(out, level + 1);
    put_value(out, level + 1);
  }
}

// Packs the value at the top and takes it off.
static void put_value(const packer *out, int level) {
  lua_State *lua = out->lua;
  luaL_checkstack(lua, 8, "in function cmsgpack.pack");
  int type = lua_type(lua, -1);
  // Limits the depth, and so ends circles.
  if (type == LUA_TTABLE && level == NESTING_MAX) type = LUA_TNIL;
  switch (type) {
    case LUA_TSTRING: {
      size_t count;
      const char *bytes = lua_tolstring(lua, -1, &count);
      put_string(out, bytes, count);
      break;
    }
    case LUA_TBOOLEAN: put_number(out, lua_toboolean(lua, -1) ? 0xC3 : 0xC2, 0, 0); break;
    case LUA_TNUMBER: {
      double value = lua_tonumber(lua, -1);
      if (value >= -0x1p63 && value < 0x1p63 && value == floor(value)) {
        put_integer(out, (int64_t)value);
      } else {
        put_double(out, value);
      }
      break;
    }
    case LUA_TTABLE: {
      size_t count;
      if (is_array(lua, &count)) {
        put_array(out, count, level);
      } else {
        put_map(out, level);
      }
      break;
    }
    default: put_number(out, 0xC0, 0, 0);
  }
  lua_pop(lua, 1);
}

static int pack(lua_State *lua) {
  int count = lua_gettop(lua);
  if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  packer out = {lua, wl_state_of(lua)};
  luaL_checkstack(lua, 1, "in function cmsgpack.pack");
  out.state->scratch.count = 0;
  for (int index = 1; index <= count; index++) {
    lua_pushvalue(lua, index);
    put_value(&out, 0);
  }
  lua_pushlstring(
      lua, (const char *)out.state->scratch.bytes, out.state->scratch.count);
  return 1;
}

// MARK: - Unpacking

typedef struct unpacker {
  lua_State *lua;
  const uint8_t *place;
  size_t rest;
} unpacker;

static const uint8_t *take(unpacker *in, size_t count) {
  if (in->rest < count) luaL_error(in->lua, "Missing bytes in input.");
  const uint8_t *bytes = in->place;
  in->place += count;
  in->rest -= count;
  return bytes;
}

static uint64_t take_number(unpacker *in, int count) {
  const uint8_t *bytes = take(in, (size_t)count);
  uint64_t value = 0;
  for (int index = 0; index < count; index++) value = value << 8 | bytes[index];
  return value;
}

static void push_value(unpacker *in);

static void push_string(unpacker *in, size_t count) {
  const uint8_t *bytes = take(in, count);
  lua_pushlstring(in->lua, (const char *)bytes, count);
}

static void push_array(unpacker *in, size_t count) {
  lua_newtable(in->lua);
  for (size_t index = 1; index <= count; index++) {
    lua_pushnumber(in->lua, (double)index);
    push_value(in);
    lua_settable(in->lua, -3);
  }
}

static void push_map(unpacker *in, size_t count) {
  lua_newtable(in->lua);
  for (size_t index = 0; index < count; index++) {
    push_value(in);
    push_value(in);
    lua_settable(in->lua, -3);
  }
}

static void push_value(unpacker *in) {
  lua_State *lua = in->lua;
  luaL_checkstack(lua, 8, "in function cmsgpack.unpack");
  uint8_t type = *take(in, 1);
  switch (type) {
    case 0xC0: return lua_pushnil(lua);
    case 0xC2: return lua_pushboolean(lua, 0);
    case 0xC3: return lua_pushboolean(lua, 1);
    case 0xCC: return lua_pushnumber(lua, (double)take_number(in, 1));
    case 0xCD: return lua_pushnumber(lua, (double)take_number(in, 2));
    case 0xCE: return lua_pushnumber(lua, (double)take_number(in, 4));
    case 0xCF: return lua_pushnumber(lua, (double)take_number(in, 8));
    case 0xD0: return lua_pushnumber(lua, (double)(int8_t)take_number(in, 1));
    case 0xD1: return lua_pushnumber(lua, (double)(int16_t)take_number(in, 2));
    case 0xD2: return lua_pushnumber(lua, (double)(int32_t)take_number(in, 4));
    case 0xD3: return lua_pushnumber(lua, (double)(int64_t)take_number(in, 8));
    case 0xCA: {
      uint32_t bits = (uint32_t)take_number(in, 4);
      float value;
      memcpy(&value, &bits, sizeof value);
      return lua_pushnumber(lua, value);
    }
    case 0xCB: {
      uint64_t bits = take_number(in, 8);
      double value;
      memcpy(&value, &bits, sizeof value);
      return lua_pushnumber(lua, value);
    }
    case 0xD9: return push_string(in, take_number(in, 1));
    case 0xDA: return push_string(in, take_number(in, 2));
    case 0xDB: return push_string(in, take_number(in, 4));
    case 0xDC: return push_array(in, take_number(in, 2));
    case 0xDD: return push_array(in, take_number(in, 4));
    case 0xDE: return push_map(in, take_number(in, 2));
    case 0xDF: return push_map(in, take_number(in, 4));
    default: break;
  }
  if (type < 0x80) return lua_pushnumber(lua, type);
  if (type >= 0xE0) return lua_pushnumber(lua, (int8_t)type);
  if (type < 0x90) return push_map(in, type & 15);
  if (type < 0xA0) return push_array(in, type & 15);
  if (type < 0xC0) return push_string(in, type & 31);
  luaL_error(lua, "Bad data format in input.");
}

// Unpacks up to `limit` values (0: all) from `offset` on.
//
// `has_offset`: the first result says where to go on, -1 at the end.
static int unpack_values(lua_State *lua, int limit, int offset, bool has_offset) {
  size_t count;
  const char *bytes = luaL_checklstring(lua, 1, &count);
  if (offset < 0 || limit < 0) {
    return luaL_error(
        lua, "Invalid request to unpack with offset of %d and limit of %d.", offset,
        (int)count);
  }
  if ((size_t)offset > count) {
    return luaL_error(
        lua, "Start offset %d greater than input length %d.", offset, (int)count);
  }
  lua_settop(lua, 1);
  if (has_offset) lua_pushnil(lua);
  unpacker in = {lua, (const uint8_t *)bytes + offset, count - (size_t)offset};
  int found = 0;
  for (; in.rest > 0 && (limit == 0 || found < limit); found++) push_value(&in);
  if (!has_offset) return found;
  lua_pushinteger(lua, in.rest == 0 ? -1 : (lua_Integer)(count - in.rest));
  lua_replace(lua, 2);
  return found + 1;
}

static int unpack(lua_State *lua) { return unpack_values(lua, 0, 0, false); }

static int unpack_one(lua_State *lua) {
  return unpack_values(lua, 1, luaL_optint(lua, 2, 0), true);
}

static int unpack_limit(lua_State *lua) {
  int limit = luaL_checkint(lua, 2);
  return unpack_values(lua, limit, luaL_optint(lua, 3, 0), true);
}

int wl_open_msgpack(lua_State *lua) {
  static const luaL_Reg functions[] = {
      {"pack", pack}, {"unpack", unpack}, {"unpack_one", unpack_one},
      {"unpack_limit", unpack_limit}, {NULL, NULL},
  };
  lua_newtable(lua);
  for (const luaL_Reg *each = functions; each->name != NULL; each++) {
    lua_pushcfunction(lua, each->func);
    lua_setfield(lua, -2, each->name);
  }
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
  lua_setfield(lua, -2, "_VERSION");
  lua_pushliteral(lua, "MessagePack implementation for Lua");
  lua_setfield(lua, -2, "_DESCRIPTION");
  return 1;
}
