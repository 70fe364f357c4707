// Settings of one instance of the library cjson.
#ifndef CLUA_JSON_SETTINGS_H
#define CLUA_JSON_SETTINGS_H

#include "internal.h"

typedef struct json_settings {
  int converts_sparse;
  int sparse_ratio;
  int sparse_safe;
  int encode_depth_max;
  int decode_depth_max;
  int encode_invalid;  // 0: an error, 1: as they are, 2: null
  int decode_invalid;
  int precision;
  int keeps_buffer;
} json_settings;

static inline json_settings *json_settings_of(lua_State *lua) {
  return lua_touserdata(lua, lua_upvalueindex(1));
}

int json_encode(lua_State *lua);
int json_decode(lua_State *lua);

#endif
