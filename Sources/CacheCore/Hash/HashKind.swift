import Platform

/// What the key space asks of hashes.
enum HashKind: ObjectKind {
  static func destroy(_ object: ObjectReference) {
    let hash = HashObject(object, now: .min)
    if hash.isTable {
      hash.table.pointee.destroy(object.memory)
      object.memory.release(UnsafeMutableRawPointer(hash.table))
    } else {
      hash.pack.destroy(object.memory)
    }
    object.memory.release(UnsafeMutableRawPointer(object.header))
  }

  static func copy(_ object: ObjectReference, into memory: ObjectMemory) -> ObjectReference {
    let hash = HashObject(object, now: .min)
    let payload: UnsafeMutableRawPointer
    if hash.isTable {
      let table = TimedTable<HashField>.make(memory)
      table.pointee.copyMembers(of: hash.table.pointee, memory)
      payload = UnsafeMutableRawPointer(table)
    } else {
      payload = Listpack.make(copying: hash.pack.bytes, memory).base
    }
    return ObjectReference.make(.hash, object.encoding, payload: payload, memory)
  }

  static func count(_ object: ObjectReference) -> Int { HashObject(object, now: .min).count }

  static func freeEffort(_ object: ObjectReference) -> Int {
    let hash = HashObject(object, now: .min)
    return hash.isTable ? hash.table.pointee.table.count : 1
  }

  static func usedBytes(_ object: ObjectReference, samples: Int) -> Int {
    let hash = HashObject(object, now: .min)
    let memory = object.memory
    let header = memory.usableBytes(of: UnsafeMutableRawPointer(object.header))
    if hash.isTable { return header + hash.table.pointee.usedBytes(memory, samples: samples) }
    return header + memory.usableBytes(of: hash.pack.base)
  }

  static func earliestDeadline(_ object: ObjectReference) -> Int64? {
    HashObject(object, now: .min).earliestDeadline
  }

  static func removeDue(_ object: ObjectReference, now: Int64, limit: Int) -> Int {
    HashObject(object, now: now).removeDue(limit: limit)
  }

  static func areAllDue(_ object: ObjectReference, now: Int64) -> Bool {
    HashObject(object, now: now).count == 0
  }

  static func checkInvariants(_ object: ObjectReference) {
    let hash = HashObject(object, now: .min)
    if hash.isTable {
      hash.table.pointee.checkInvariants()
      return
    }
    hash.pack.checkInvariants()
    precondition(hash.pack.count % hash.stride == 0, "whole fields")
    guard hash.stride == 3 else { return }
    var latest: Int64 = 0
    var hasEnded = false
    var position = hash.pack.first
    while let field = position {
      let deadline = hash.deadline(at: field)
      if deadline == 0 {
        hasEnded = true
      } else {
        precondition(!hasEnded && deadline >= latest, "by deadline, those without at the end")
        latest = deadline
      }
      position = hash.pack.next(field).flatMap { hash.pack.next($0) }.flatMap { hash.pack.next($0) }
    }
  }
}
