import Bytes
import SeededRandom
import Testing

@testable import CacheCore

/// Places as scores, and searches against looking at every place.
@Suite struct GeoTests {
  private static func point(_ random: inout SeededGenerator) -> GeoPoint {
    GeoPoint(
      longitude: Double.random(in: -180...180, using: &random),
      latitude: Double.random(in: -85...85, using: &random))
  }

  @Test func aPlaceComesBackWithinAMetre() {
    var random = SeededGenerator(test: "GeoTests.aPlaceComesBackWithinAMetre")
    for _ in 0..<2000 {
      let point = Self.point(&random)
      let bits = GeoHash.encode(point)
      #expect(bits < 1 << 52)
      #expect(point.distance(to: GeoHash.decode(score: Double(bits))) < 1)
    }
  }

  @Test func knownPlaces() {
    let palermo = GeoPoint(longitude: 13.361389, latitude: 38.115556)
    let catania = GeoPoint(longitude: 15.087269, latitude: 37.502669)
    // Figures of Redis.
    #expect(GeoHash.encode(palermo) == 3_479_099_956_230_698)
    #expect(GeoHash.encode(catania) == 3_479_447_370_796_909)
    let distance = GeoHash.decode(score: 3_479_099_956_230_698)
      .distance(to: GeoHash.decode(score: 3_479_447_370_796_909))
    #expect(abs(distance - 166274.1516) < 0.0001)
  }

  @Test(arguments: [0.0, .infinity, -.infinity, -1, 1e300, 0x1p63, 0x1p53])
  func anyScoreIsSomePlace(score: Double) {
    #expect(GeoHash.decode(score: score).isStorable)
  }

  @Test func searchesFindWhatIsInTheArea() {
    var random = SeededGenerator(test: "GeoTests.searchesFindWhatIsInTheArea")
    let account = TestMemory()
    let limits = SortedSetLimits(listpackEntriesMax: 0, listpackValueBytesMax: 0)
    let set = SortedSet.make(countHint: 1, limits: limits, account.memory)
    var scores: [String: Double] = [:]
    for number in 0..<1000 {
      let score = Double(GeoHash.encode(Self.point(&random)))
      Array("\(number)".utf8).withByteView { _ = set.update($0, score: score, limits: limits) }
      scores["\(number)"] = score
    }
    for _ in 0..<100 {
      // Not beyond the edges of the map: there Redis's cells, and so ours, leave some out.
      let center = GeoPoint(
        longitude: Double.random(in: -120...120, using: &random),
        latitude: Double.random(in: -50...50, using: &random))
      let size = Double.random(in: 1...2000, using: &random)
      let forms: [GeoShape.Form] = [.circle(radius: size), .box(width: size, height: size * 2)]
      for form in forms {
        let shape = GeoShape(center: center, form: form, unitMeters: 1000)
        let wanted = scores.filter { shape.distance(to: GeoHash.decode(score: $0.value)) != nil }
        let found = set.matches(in: shape).map { $0.member.withText { $0.string } }
        #expect(found.sorted() == wanted.keys.sorted())
      }
    }
    set.object.destroy()
    #expect(account.bytesHeld == 0)
  }
}
