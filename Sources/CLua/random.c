// math.random and math.randomseed with a generator of their own: the same numbers on every
// machine for the same seed, those of POSIX's lrand48.
#include "internal.h"

static int64_t next_random(wl_state *state) {
  state->random = (state->random * 0x5DEECE66DULL + 0xB) & 0xFFFFFFFFFFFFULL;
  return (int64_t)(state->random >> 17);
}

static int math_random(lua_State *lua) {
  double fraction = (double)(next_random(wl_state_of(lua)) % INT32_MAX) / (double)INT32_MAX;
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, fraction);
      return 1;
    case 1: {
      int last = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= last, 1, "interval is empty");
      lua_pushnumber(lua, (double)(int64_t)(fraction * last) + 1);
      return 1;
    }
    case 2: {
      int first = luaL_checkint(lua, 1);
      int last = luaL_checkint(lua, 2);
      luaL_argcheck(lua, first <= last, 2, "interval is empty");
      double count = (double)last - first + 1;
      lua_pushnumber(lua, (double)(int64_t)(fraction * count) + first);
      return 1;
    }
    default: return luaL_error(lua, "wrong number of arguments");
  }
}

static int math_randomseed(lua_State *lua) {
  uint32_t seed = (uint32_t)luaL_checkint(lua, 1);
  wl_state_of(lua)->random = (uint64_t)seed << 16 | 0x330E;
  return 0;
}

void wl_install_random(lua_State *lua) {
  lua_pushcfunction(lua, math_random);
  lua_setfield(lua, -2, "random");
  lua_pushcfunction(lua, math_randomseed);
  lua_setfield(lua, -2, "randomseed");
}
