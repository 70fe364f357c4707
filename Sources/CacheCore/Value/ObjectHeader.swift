/// What every collection in memory begins with; entries of kind 3 hold its address.
///
/// Collections are a later stage: whoever adds one adds its cases to the switches over `type` in
/// `Engine.releaseValue`, `Keyspace.memoryUsage` and `Keyspace.copy`.
struct ObjectHeader {
  let type: ValueType
  let encoding: UInt8
}
