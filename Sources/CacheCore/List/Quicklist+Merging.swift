import Glibc

/// Joining nodes that have become small. Removals leave lists of many nodes with little in each,
/// where every element costs its node's 16 bytes and an allocation.
///
/// Two neighbours are joined when they fill at most half of a node together: so a list in which
/// elements come and go does not split and join the same nodes all the time.
extension Quicklist {
  /// Joins nodes around the element at `index`, where some were removed.
  func mergeAround(_ index: Int, _ limits: ListLimits) {
    guard header.pointee.nodeCount > 1 else { return }
    var place = locate(min(max(0, index), count - 1)).place
    if let before = previous(place), let joined = merge(before, limits) { place = joined }
    if let joined = merge(place, limits) { _ = merge(joined, limits) }
    settleEnds(reach: 2)
  }

  /// Joins what can be joined in the whole list.
  ///
  /// - Complexity: O(nodes)
  func mergeAll(_ limits: ListLimits) {
    var place = endNode(.head)
    var hasMerged = false
    while let here = place {
      if let joined = merge(here, limits) {
        place = joined
        hasMerged = true
      } else {
        place = next(here)
      }
    }
    if hasMerged { settleEnds(reach: 2) }
  }

  /// Appends the next node's elements to those of the one at `place`, if both are small.
  ///
  /// - Returns: where the joined node stands; nil: nothing has changed.
  private func merge(_ place: NodePlace, _ limits: ListLimits) -> NodePlace? {
    guard let behind = next(place) else { return nil }
    let first = node(place).pointee
    let second = node(behind).pointee
    guard first.holdsListpack, second.holdsListpack,
      limits.mayJoin(
        bytes: first.byteCount + second.byteCount, count: Int(first.count) + Int(second.count))
    else { return nil }
    expand(place)
    expand(behind)
    var listpack = node(place).pointee.listpack
    listpack.append(contentsOf: node(behind).pointee.listpack, count: Int(first.count), memory)
    node(place).pointee.base = listpack.base
    adjust(behind, by: -Int(second.count))
    adjust(place, by: Int(second.count))
    let following = removeNode(behind)
    // The directory may have changed; the node is still before the one behind it.
    let joined = following.flatMap { previous($0) } ?? lastNode
    if compresses { tighten(joined) }
    return joined
  }
}

extension ListLimits {
  /// Whether two nodes that have so much together are to be one.
  func mayJoin(bytes: Int, count: Int) -> Bool {
    bytes <= nodeBytesMax / 2 && count <= nodeCountMax / 2
  }
}
