import Glibc

/// A place on earth, in degrees.
public struct GeoPoint: Sendable, Equatable {
  /// East of Greenwich.
  public var longitude: Double
  /// North of the equator.
  public var latitude: Double

  public init(longitude: Double, latitude: Double) {
    self.longitude = longitude
    self.latitude = latitude
  }

  /// Whether it can be stored: the latitudes of the web's Mercator maps (EPSG:3857), not the poles.
  public var isStorable: Bool {
    GeoHash.longitudes.contains(longitude) && GeoHash.latitudes.contains(latitude)
  }

  /// Radius of the sphere that distances are measured on, in metres, as in Redis.
  static var earthRadiusMeters: Double { 6_372_797.560856 }

  static func radians(_ degrees: Double) -> Double { degrees * (Double.pi / 180) }

  static func degrees(_ radians: Double) -> Double { radians / (Double.pi / 180) }

  /// The way to `other` over the earth's surface, in metres, by the haversine formula.
  public func distance(to other: GeoPoint) -> Double {
    let halfLongitude = sin(
      (Self.radians(other.longitude) - Self.radians(longitude)) / 2)
    if halfLongitude == 0 { return Self.distance(latitude, other.latitude) }
    let from = Self.radians(latitude)
    let to = Self.radians(other.latitude)
    let halfLatitude = sin((to - from) / 2)
    let chord =
      halfLatitude * halfLatitude + cos(from) * cos(to) * halfLongitude * halfLongitude
    return 2 * earthRadius * asin(chord.squareRoot())
  }

  private var earthRadius: Double { Self.earthRadiusMeters }

  /// The way between two latitudes along a meridian, in metres.
  static func distance(_ from: Double, _ to: Double) -> Double {
    earthRadiusMeters * abs(radians(to) - radians(from))
  }
}

/// Places as numbers of 52 bits, so that a sorted set can hold them as scores: 26 bits each of
/// longitude and latitude, interleaved, the longitude's first. Places near each other mostly share
/// their first bits, so an area is a few ranges of scores.
///
/// Idea: Gustavo Niemeyer, geohash.org; the bits and limits are Redis's.
public enum GeoHash {
  /// What is stored, in degrees.
  static let longitudes = -180.0...180.0
  static let latitudes = -85.05112878...85.05112878

  /// Bits of each coordinate.
  static var stepMax: Int { 26 }

  /// The number of a place, which is storable.
  public static func encode(_ point: GeoPoint) -> UInt64 {
    GeoCell(containing: point, step: stepMax, longitudes, latitudes).bits
  }

  /// The middle of the cell whose number is the score `score`.
  public static func decode(score: Double) -> GeoPoint {
    let (longitude, latitude) = GeoCell(bits: bits(ofScore: score), step: stepMax).ranges
    return GeoPoint(
      longitude: clamp((longitude.low + longitude.high) / 2, longitudes),
      latitude: clamp((latitude.low + latitude.high) / 2, latitudes))
  }

  private static func clamp(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    max(range.lowerBound, min(range.upperBound, value))
  }

  /// Any score has bits: those of no place wrap around as they do in C on most machines.
  private static func bits(ofScore score: Double) -> UInt64 {
    if score >= 0x1p64 { return 0 }
    if score <= -0x1p63 { return 1 << 63 }
    return score < 0 ? UInt64(bitPattern: Int64(score)) : UInt64(score)
  }

  /// Writes the 11 letters of geohash.org's form, in which latitudes go from -90 to 90.
  ///
  /// - Parameter target: room for 11 bytes.
  public static func write(_ point: GeoPoint, to target: UnsafeMutablePointer<UInt8>) {
    let bits = GeoCell(containing: point, step: stepMax, longitudes, -90...90).bits
    let letters: StaticString = "0123456789bcdefghjkmnpqrstuvwxyz"
    for index in 0..<10 {
      target[index] = letters.utf8Start[Int(bits >> UInt64(47 - index * 5)) & 31]
    }
    // 52 bits are 10 letters and 2 bits; Redis always ends with a 0.
    target[10] = letters.utf8Start[0]
  }
}

/// A rectangle of the map that halving it `step` times in each direction gives.
struct GeoCell: Equatable {
  /// The first bits of all places in it, `2 * step` of them.
  var bits: UInt64
  var step: Int

  init(bits: UInt64, step: Int) {
    self.bits = bits
    self.step = step
  }

  /// The cell around a place, where the map covers the given degrees.
  init(
    containing point: GeoPoint, step: Int, _ longitudes: ClosedRange<Double>,
    _ latitudes: ClosedRange<Double>
  ) {
    let scale = Double(UInt64(1) << UInt64(step))
    func part(_ value: Double, _ range: ClosedRange<Double>) -> UInt32 {
      let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
      return UInt32(max(0, min(share * scale, 4_294_967_295)))
    }
    self.step = step
    bits =
      Self.spread(part(point.longitude, longitudes)) << 1
      | Self.spread(part(point.latitude, latitudes))
  }

  /// Puts a zero before each bit.
  private static func spread(_ word: UInt32) -> UInt64 {
    var bits = UInt64(word)
    bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
    bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
    bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333
    return (bits | bits << 1) & 0x5555_5555_5555_5555
  }

  /// Takes every second bit, from the lowest on.
  private static func gather(_ word: UInt64) -> UInt32 {
    var bits = word & 0x5555_5555_5555_5555
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
    bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
    bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
    return UInt32(truncatingIfNeeded: bits | bits >> 16)
  }

  private var column: UInt32 { Self.gather(bits >> 1) }
  private var row: UInt32 { Self.gather(bits) }

  /// Where it begins and ends, in degrees.
  var ranges: (longitude: (low: Double, high: Double), latitude: (low: Double, high: Double)) {
    let scale = Double(UInt64(1) << UInt64(step))
    func range(_ part: UInt32, _ map: ClosedRange<Double>) -> (low: Double, high: Double) {
      let size = map.upperBound - map.lowerBound
      // The number behind the last of 32 bits is 0, as in Redis.
      return (
        map.lowerBound + Double(part) / scale * size,
        map.lowerBound + Double(part &+ 1) / scale * size
      )
    }
    return (range(column, GeoHash.longitudes), range(row, GeoHash.latitudes))
  }

  /// The cell so many columns east and rows north, around the map's edges.
  func neighbor(east: Int32, north: Int32) -> GeoCell {
    let mask = UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(step)) - 1)
    func moved(_ part: UInt32, _ distance: Int32) -> UInt32 {
      // A place on the very edge lies in a cell beyond the map, which stays there as in Redis.
      distance == 0 ? part : (part &+ UInt32(bitPattern: distance)) & mask
    }
    return GeoCell(
      bits: Self.spread(moved(column, east)) << 1 | Self.spread(moved(row, north)), step: step)
  }

  /// The scores of all places in it: from the first to below the second.
  var scores: (low: Double, high: Double) {
    let shift = UInt64(52 - step * 2)
    return (Double(bits << shift), Double((bits + 1) << shift))
  }
}
