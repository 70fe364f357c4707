internal import Bytes
internal import CacheCore
internal import RESP

/// What the commands on places share.
extension CommandContext {
  /// The arguments at `index` and behind as longitude and latitude.
  func point(at index: Int) throws(CommandError) -> GeoPoint {
    let longitude = try double(at: index)
    let point = GeoPoint(longitude: longitude, latitude: try double(at: index + 1))
    guard point.isStorable else {
      throw .made(
        "ERR invalid longitude,latitude pair "
          + "\(fixedText(point.longitude)),\(fixedText(point.latitude))")
    }
    return point
  }

  /// Six decimals.
  private func fixedText(_ value: Double) -> String {
    withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: FloatText.humanByteCountMax
    ) { buffer in
      let start = buffer.baseAddress.unsafelyUnwrapped
      let count = FloatText.writeFixed(value, decimals: 6, to: start)
      return ByteView(base: UnsafePointer(start), count: count).string
    }
  }

  /// The argument at `index` as a unit of length, in metres.
  func unitMeters(at index: Int) throws(CommandError) -> Double {
    if argument(at: index, is: "m") { return 1 }
    if argument(at: index, is: "km") { return 1000 }
    if argument(at: index, is: "ft") { return 0.3048 }
    if argument(at: index, is: "mi") { return 1609.34 }
    throw .fixed("ERR unsupported unit provided. please use M, KM, FT, MI")
  }

  /// The arguments at `index` and behind as a radius and its unit.
  func radius(at index: Int) throws(CommandError) -> (radius: Double, unitMeters: Double) {
    guard let radius = FloatText.parse(self[index]) else {
      throw .fixed("ERR need numeric radius")
    }
    guard radius >= 0 else { throw .fixed("ERR radius cannot be negative") }
    return (radius, try unitMeters(at: index + 1))
  }

  /// The arguments at `index` and behind as a width, a height and their unit.
  func box(
    at index: Int
  ) throws(CommandError) -> (width: Double, height: Double, unitMeters: Double) {
    guard let width = FloatText.parse(self[index]) else { throw .fixed("ERR need numeric width") }
    guard let height = FloatText.parse(self[index + 1]) else {
      throw .fixed("ERR need numeric height")
    }
    guard width >= 0, height >= 0 else {
      throw .fixed("ERR height or width cannot be negative")
    }
    return (width, height, try unitMeters(at: index + 2))
  }
}

extension ReplyWriter {
  /// A distance: four decimals, as a bulk string in any protocol.
  mutating func distance(_ value: Double) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
      let start = buffer.baseAddress.unsafelyUnwrapped
      // Distances on earth are below 10^8; a stray score cannot make them larger.
      let scaled = UInt64(max(0, min((value * 10000).rounded(.toNearestOrEven), 1e18)))
      let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: 10000)
      var count = IntegerText.write(whole, to: start)
      start[count] = UInt8(ascii: ".")
      count += 1
      for _ in IntegerText.digitCount(fraction)..<4 {
        start[count] = UInt8(ascii: "0")
        count += 1
      }
      count += IntegerText.write(fraction, to: start + count)
      bulk(ByteView(base: UnsafePointer(start), count: count))
    }
  }

  /// A place: longitude and latitude with up to 17 decimals, doubles in RESP3.
  mutating func point(_ point: GeoPoint) {
    array(2)
    humanDouble(point.longitude)
    humanDouble(point.latitude)
  }

  private mutating func humanDouble(_ value: Double) {
    withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: FloatText.humanByteCountMax
    ) { buffer in
      let start = buffer.baseAddress.unsafelyUnwrapped
      let count = FloatText.writeHuman(value, to: start)
      let text = ByteView(base: UnsafePointer(start), count: count)
      if version == .resp2 { return bulk(text) }
      output.append(UInt8(ascii: ","))
      output.append(text)
      output.append("\r\n")
    }
  }
}
