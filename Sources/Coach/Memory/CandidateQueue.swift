/// A sentence that may be chosen, with the gain it had in a round.
struct Candidate {
  let sentence: Int
  var gain: Double
  var round: Int
}

/// A binary heap of candidates, the largest gain first; of equal ones the earlier sentence.
struct CandidateQueue {
  private var heap: [Candidate] = []

  var first: Candidate? { heap.first }

  mutating func push(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isBefore(heap[child], heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Candidate? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return top }
    heap[0] = last
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard isBefore(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return top
  }

  private func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
    left.gain != right.gain ? left.gain > right.gain : left.sentence < right.sentence
  }
}
