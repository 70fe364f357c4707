import Bytes
import Testing

@testable import RESPServer

/// Which scripts are known to touch nothing but the keys they are called with.
@Suite struct ScriptKeyUseTests {
  // Made once, read only.
  private nonisolated(unsafe) static let commands = CommandTable(
    CommandCatalog.commands, specs: CommandCatalog.commands.map { $0.spec })

  private static func isDeclared(_ script: String) -> Bool {
    Array(script.utf8).withByteView { body in
      ScriptKeyUse.isDeclared(body) { commands.find(requested: $0) }
    }
  }

  @Test(arguments: [
    "return 1",
    "return redis.call('GET', KEYS[1])",
    "return redis.call(\"set\", KEYS[1], ARGV[1])",
    "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])",
    """
    if redis.call("get", KEYS[1]) == ARGV[1] then
      return redis.call("del", KEYS[1])
    else
      return 0
    end
    """,
    """
    local current = redis.call('INCR', KEYS[1]) -- redis.call('KEYS', '*')
    if current == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
    return current
    """,
    """
    --[==[ function while ]] ]==]
    local tokens_key, stamp_key = KEYS[1], KEYS[2]
    local rate = tonumber(ARGV[1])
    local last = tonumber(redis.call("get", tokens_key) or 0)
    local filled = math.min(rate, last + 1)
    if filled >= 1 then redis.call("setex", tokens_key, 60, filled) end
    redis.call("setex", stamp_key, 60, ARGV[2])
    return { filled, tostring(rate), ok = 'x' }
    """,
    "for i = 1, #KEYS do redis.call('INCR', KEYS[i]) end",
    "for i, key in ipairs(KEYS) do redis.call('INCRBY', key, ARGV[i]) end",
    "for i = 1, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end",
    "return redis.call('MGET', KEYS[1], KEYS[2])",
    "return redis.call('DEL', unpack(KEYS))",
    "return redis.call('HMGET', KEYS[1], unpack(ARGV))",
    "return redis.call('MSET', KEYS[1], ARGV[1], KEYS[2], ARGV[2])",
    "return redis.pcall('RENAME', KEYS[1], KEYS[2])",
    "return redis.call('SUNIONSTORE', KEYS[1], unpack(KEYS))",
    "return redis.call('ZRANGESTORE', KEYS[1], KEYS[2], 0, -1)",
    "local t = redis.call('TIME') return t[1]",
    "if not redis.call('GET', KEYS[1]) then return redis.error_reply('none') end",
    "redis.log(redis.LOG_NOTICE, 'seen ' .. KEYS[1]) return redis.call('TTL', KEYS[#KEYS])",
  ])
  func declares(_ script: String) {
    #expect(Self.isDeclared(script))
  }

  @Test(arguments: [
    "return redis.call('GET', 'fixed')",
    "return redis.call('GET', ARGV[1])",
    "return redis.call('GET', KEYS[1] .. ':lock')",
    "local k = KEYS[1] .. ':lock' return redis.call('GET', k)",
    "local k = KEYS[1] or 'x' return redis.call('GET', k)",
    "local k = KEYS[1]\nk = 'other' return redis.call('GET', k)",
    "local k = KEYS[1] local x x, k = 1, 'other' return redis.call('GET', k)",
    "local k = KEYS[1] local x k, x = 'other', 1 return redis.call('GET', k)",
    "local k = KEYS[1] do local k = 'other' redis.call('GET', k) end",
    "local a, k = 'x', 'other', KEYS[1] return redis.call('GET', k)",
    "local a, k = f(), KEYS[1] return redis.call('GET', k)",
    "KEYS[1] = 'other' return redis.call('GET', KEYS[1])",
    "local x KEYS[1], x = 'other', 1 return redis.call('GET', KEYS[1])",
    "local x x, KEYS[1] = 1, 'other' return redis.call('GET', KEYS[1])",
    "local x x = ARGV[1] KEYS[1], x = 'other', 1 return redis.call('GET', KEYS[1])",
    "KEYS = {'other'} return redis.call('GET', KEYS[1])",
    "local KEYS = {'other'} return redis.call('GET', KEYS[1])",
    "table.insert(KEYS, 1, 'other') return redis.call('GET', KEYS[1])",
    "local k = KEYS k[1] = 'other' return redis.call('GET', KEYS[1])",
    "(KEYS)[1] = 'other' return redis.call('GET', KEYS[1])",
    "local c = redis.call return c('GET', 'other')",
    "local r = redis return r.call('GET', 'other')",
    "return redis['call']('GET', 'other')",
    "return _G.redis.call('GET', 'other')",
    "return server.call('GET', 'other')",
    "return pcall(redis.call, 'GET', 'other')",
    "return loadstring('return 1')()",
    "return redis.call(ARGV[1], KEYS[1])",
    "return redis.call('GE\\84', KEYS[1])",
    "return redis.call([[GET]], KEYS[1])",
    "return redis.call 'PING'",
    "return redis.call(unpack(ARGV))",
    "return redis.call('KEYS', '*')",
    "return redis.call('SCAN', 0)",
    "return redis.call('RENAME', KEYS[1], 'other')",
    "return redis.call('ZUNIONSTORE', KEYS[1], 1, KEYS[2])",
    "return redis.call('FLUSHALL')",
    "return redis.call('SORT', KEYS[1], 'BY', 'w_*')",
    "return redis.call('OBJECT', 'ENCODING', 'other')",
    "return redis.call('NOSUCH', KEYS[1])",
    "return redis.call('MGET', KEYS[1], unpack(ARGV))",
    "return redis.call('DEL', KEYS[1], ...)",
    "return redis.call('MGET', KEYS[1], ARGV[1])",
    "while true do end",
    "repeat redis.call('INCR', KEYS[1]) until false",
    "local function f() f() end f()",
    "for i = 1, 1e9 do redis.call('INCR', KEYS[1]) end",
    "for i = 1, ARGV[1] do redis.call('INCR', KEYS[1]) end",
    "for i = 1, #ARGV, 0 do redis.call('INCR', KEYS[1]) end",
    "for i = 1, #ARGV do for j = 1, #ARGV do redis.call('INCR', KEYS[1]) end end",
    "for i, v in ipairs(ARGV) do ARGV[#ARGV + 1] = v end",
    "for k, v in pairs(ARGV) do redis.call('INCR', KEYS[1]) end",
    "local ipairs = string.rep for i, k in ipairs(KEYS) do redis.call('GET', k) end",
    "local unpack = tostring return redis.call('DEL', unpack(KEYS))",
    "return redis.call('GET', t.KEYS[1])",
    "return 'unfinished",
    "return [==[ unfinished ]=]",
  ])
  func doubts(_ script: String) {
    #expect(!Self.isDeclared(script))
  }

  /// Cutting a script short, or dropping a byte, must not trap.
  @Test func takesAnything() {
    let script = Array(
      """
      local k, n = KEYS[1], #ARGV -- c
      for i = 1, #KEYS do redis.call('SET', KEYS[i], [==[x]==] .. "a\\"b" .. 1e+5 .. ...) end
      return {[k] = redis.pcall('MGET', k, unpack(KEYS))}
      """.utf8)
    for cut in 0...script.count {
      _ = Self.isDeclared(String(decoding: script[..<cut], as: UTF8.self))
      _ = Self.isDeclared(String(decoding: script[cut...], as: UTF8.self))
      if cut < script.count {
        var shorter = script
        shorter.remove(at: cut)
        _ = Self.isDeclared(String(decoding: shorter, as: UTF8.self))
      }
    }
  }
}
