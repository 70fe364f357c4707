// bit: operations on 32-bit integers, with the behaviour of Mike Pall's Lua BitOp.
#include "internal.h"

// The lowest 32 bits of a number rounded to an integer.
static uint32_t argument(lua_State *lua, int index) {
  // Adding 2^52 + 2^51 leaves the integer in the lowest bits of the double.
  double number = luaL_checknumber(lua, index) + 6755399441055744.0;
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return (uint32_t)bits;
}

static int push(lua_State *lua, uint32_t value) {
  lua_pushnumber(lua, (int32_t)value);
  return 1;
}

static int bit_tobit(lua_State *lua) { return push(lua, argument(lua, 1)); }

static int bit_bnot(lua_State *lua) { return push(lua, ~argument(lua, 1)); }

static int bit_band(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  for (int index = lua_gettop(lua); index > 1; index--) value &= argument(lua, index);
  return push(lua, value);
}

static int bit_bor(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  for (int index = lua_gettop(lua); index > 1; index--) value |= argument(lua, index);
  return push(lua, value);
}

static int bit_bxor(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  for (int index = lua_gettop(lua); index > 1; index--) value ^= argument(lua, index);
  return push(lua, value);
}

static int bit_lshift(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  return push(lua, value << (argument(lua, 2) & 31));
}

static int bit_rshift(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  return push(lua, value >> (argument(lua, 2) & 31));
}

static int bit_arshift(lua_State *lua) {
  int32_t value = (int32_t)argument(lua, 1);
  return push(lua, (uint32_t)(value >> (argument(lua, 2) & 31)));
}

static int bit_rol(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  uint32_t count = argument(lua, 2) & 31;
  return push(lua, value << count | value >> ((32 - count) & 31));
}

static int bit_ror(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  uint32_t count = argument(lua, 2) & 31;
  return push(lua, value >> count | value << ((32 - count) & 31));
}

static int bit_bswap(lua_State *lua) { return push(lua, __builtin_bswap32(argument(lua, 1))); }

static int bit_tohex(lua_State *lua) {
  uint32_t value = argument(lua, 1);
  // A negative count asks for capitals.
  int64_t count = lua_isnone(lua, 2) ? 8 : (int32_t)argument(lua, 2);
  const char *digits = "0123456789abcdef";
  if (count < 0) {
    count = -count;
    digits = "0123456789ABCDEF";
  }
  if (count > 8) count = 8;
  char text[8];
  for (int64_t index = count - 1; index >= 0; index--) {
    text[index] = digits[value & 15];
    value >>= 4;
  }
  lua_pushlstring(lua, text, (size_t)count);
  return 1;
}

int wl_open_bit(lua_State *lua) {
  static const luaL_Reg functions[] = {
      {"tobit", bit_tobit},   {"bnot", bit_bnot},     {"band", bit_band},
      {"bor", bit_bor},       {"bxor", bit_bxor},     {"lshift", bit_lshift},
      {"rshift", bit_rshift}, {"arshift", bit_arshift}, {"rol", bit_rol},
      {"ror", bit_ror},       {"bswap", bit_bswap},   {"tohex", bit_tohex},
      {NULL, NULL},
  };
  lua_newtable(lua);
  for (const luaL_Reg *each = functions; each->name != NULL; each++) {
    lua_pushcfunction(lua, each->func);
    lua_setfield(lua, -2, each->name);
  }
  return 1;
}
