import Glibc

/// An area around a place.
public struct GeoShape: Sendable {
  /// Its form; lengths are in units.
  public enum Form: Sendable {
    case circle(radius: Double)
    case box(width: Double, height: Double)
  }

  /// The place in the middle.
  public var center: GeoPoint
  /// The form.
  public var form: Form
  /// Metres in a unit of length.
  public var unitMeters: Double

  public init(center: GeoPoint, form: Form, unitMeters: Double) {
    self.center = center
    self.form = form
    self.unitMeters = unitMeters
  }

  /// The distance of a place from the center in metres; nil outside the area.
  public func distance(to point: GeoPoint) -> Double? {
    switch form {
    case .circle(let radius):
      let distance = center.distance(to: point)
      return distance > radius * unitMeters ? nil : distance
    case .box(let width, let height):
      // Half the height away along the meridian, half the width along the point's parallel.
      guard GeoPoint.distance(point.latitude, center.latitude) <= height * unitMeters / 2
      else { return nil }
      let beside = GeoPoint(longitude: center.longitude, latitude: point.latitude)
      guard point.distance(to: beside) <= width * unitMeters / 2 else { return nil }
      return center.distance(to: point)
    }
  }

  /// The degrees that the area lies within.
  private var bounds: (low: GeoPoint, high: GeoPoint) {
    let halfHeight: Double
    let halfWidth: Double
    switch form {
    case .circle(let radius): (halfWidth, halfHeight) = (radius, radius)
    case .box(let width, let height): (halfWidth, halfHeight) = (width / 2, height / 2)
    }
    let radius = GeoPoint.earthRadiusMeters
    let latitudes = GeoPoint.degrees(unitMeters * halfHeight / radius)
    // Parallels get shorter towards the poles, so the edge nearer to one spans the most degrees.
    let edge = center.latitude < 0 ? center.latitude - latitudes : center.latitude + latitudes
    let longitudes = GeoPoint.degrees(
      unitMeters * halfWidth / radius / cos(GeoPoint.radians(edge)))
    return (
      GeoPoint(
        longitude: center.longitude - longitudes, latitude: center.latitude - latitudes),
      GeoPoint(
        longitude: center.longitude + longitudes, latitude: center.latitude + latitudes)
    )
  }

  /// How often the map is halved so that a cell and its neighbours cover the area.
  private var step: Int {
    let reach: Double
    switch form {
    case .circle(let radius): reach = radius * unitMeters
    case .box(let width, let height):
      reach = ((width / 2) * (width / 2) + (height / 2) * (height / 2)).squareRoot() * unitMeters
    }
    if reach == 0 { return GeoHash.stepMax }
    // Half the length of the equator on a Mercator map, in metres.
    let mapMeters = 20_037_726.37
    var step = 1
    var span = reach
    // Ends: a positive number doubles past the map's size after at most 1100 turns.
    while span < mapMeters {
      span *= 2
      step += 1
    }
    step -= 2
    // Cells are narrower near the poles.
    if abs(center.latitude) > 66 { step -= 1 }
    if abs(center.latitude) > 80 { step -= 1 }
    return max(1, min(GeoHash.stepMax, step))
  }

  /// Directions in the order in which Redis searches: the cell, N, S, E, W, NE, NW, SE, SW.
  private static let directions: [(east: Int32, north: Int32)] = [
    (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
  ]

  /// The cells that cover the area, at most 9. One may come twice where the map is small.
  func cells() -> [GeoCell] {
    let bounds = bounds
    var step = step
    var cell = cell(step: step)
    if step > 1, !neighborsCover(bounds, around: cell) {
      step -= 1
      cell = self.cell(step: step)
    }
    let (longitude, latitude) = cell.ranges
    var cells: [GeoCell] = []
    for (east, north) in Self.directions {
      // What lies beyond the area is left out.
      if step >= 2 {
        if north < 0 && latitude.low < bounds.low.latitude { continue }
        if north > 0 && latitude.high > bounds.high.latitude { continue }
        if east < 0 && longitude.low < bounds.low.longitude { continue }
        if east > 0 && longitude.high > bounds.high.longitude { continue }
      }
      let neighbor = cell.neighbor(east: east, north: north)
      // Around a small map neighbours meet, and come one behind the other.
      if cells.count > 1, cells.last == neighbor { continue }
      cells.append(neighbor)
    }
    return cells
  }

  private func cell(step: Int) -> GeoCell {
    GeoCell(containing: center, step: step, GeoHash.longitudes, GeoHash.latitudes)
  }

  private func neighborsCover(
    _ bounds: (low: GeoPoint, high: GeoPoint), around cell: GeoCell
  ) -> Bool {
    cell.neighbor(east: 0, north: 1).ranges.latitude.high >= bounds.high.latitude
      && cell.neighbor(east: 0, north: -1).ranges.latitude.low <= bounds.low.latitude
      && cell.neighbor(east: 1, north: 0).ranges.longitude.high >= bounds.high.longitude
      && cell.neighbor(east: -1, north: 0).ranges.longitude.low <= bounds.low.longitude
  }
}

/// A member found in an area.
public struct GeoMatch {
  /// The member's text, valid until the set changes.
  public let member: ListpackValue
  /// Its score, the number of its place.
  public let score: Double
  /// Where it is.
  public let point: GeoPoint
  /// Its distance from the center, in metres.
  public let distance: Double
}

extension SortedSet {
  /// The members within an area, in the order of Redis's search.
  ///
  /// - Parameter limit: stop after so many; 0: none.
  /// - Complexity: O(log n) and the members in the at most 9 cells around.
  public func matches(in shape: GeoShape, limit: Int = 0) -> [GeoMatch] {
    var matches: [GeoMatch] = []
    for cell in shape.cells() {
      let scores = cell.scores
      let ranks = ranks(of: ScoreRange(min: scores.low, max: scores.high, excludesMax: true))
      var cursor = cursor(over: ranks)
      while let element = cursor.next() {
        let point = GeoHash.decode(score: element.score)
        guard let distance = shape.distance(to: point) else { continue }
        matches.append(
          GeoMatch(
            member: element.member, score: element.score, point: point, distance: distance))
        if limit > 0, matches.count >= limit { return matches }
      }
    }
    return matches
  }
}
