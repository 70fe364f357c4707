import Bytes
import CacheCore
import Foundation

// What the storage engine costs, without a server around it:
//
//     swift run -c release corebench [keys in thousands, default 1000] [what]
//
// `what` is one of speed, memory, mixed, delete, expiry; all by default. Each figure of memory is
// taken in a process of its own, because RSS does not forget.

let arguments = CommandLine.arguments
let keyCount = (arguments.count > 1 ? Int(arguments[1]) ?? 1000 : 1000) * 1000
let what = arguments.count > 2 ? arguments[2] : "all"

switch what {
case "speed": Speed(keyCount: keyCount).run()
case "memory": Memory.uniform(keyCount: keyCount, ttl: false)
case "memory-ttl": Memory.uniform(keyCount: keyCount, ttl: true)
case "mixed": Memory.mixed(keyCount: keyCount)
case "delete": Memory.deleteAndRefill(keyCount: keyCount)
case "expiry": Speed.expiry(keyCount: keyCount)
default:
  for part in ["speed", "expiry", "memory", "memory-ttl", "mixed", "delete"] {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    child.arguments = [String(keyCount / 1000), part]
    try child.run()
    child.waitUntilExit()
  }
}
