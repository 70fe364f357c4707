import Bytes
import FuzzSupport
import RESP

// The request parser: any bytes, in any pieces.
//
//     byte 0        bit 0: unauthenticated, bit 1: bulk strings of 16 bytes at most
//     byte 1        number of cuts, 0 to 15
//     then          that many lengths of pieces, a byte each
//     then          the stream
//
// Held against each other: the stream parsed in one piece, parsed a second time from the same
// bytes (which a paused client's are), and parsed in pieces, in memory that moves with every
// piece.

/// What a stream of requests comes to.
struct Parsed: Equatable {
  var requests: [[[UInt8]]] = []
  var end: ParseOutcome = .incomplete
}

private func copyArguments(of store: borrowing ArgumentStore, from first: Int) -> [[UInt8]] {
  let count = store.count - first
  let arguments = store.arguments(from: first, count: count)
  return (0..<count).map { Array(arguments[$0].buffer) }
}

private func parseWhole(
  _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limits: ParserLimits
) -> Parsed {
  var parser = RequestParser()
  var store = ArgumentStore(capacity: 1)
  var parsed = Parsed()
  while true {
    let first = store.count
    let before = parser.position
    parsed.end = parser.next(in: bytes, count: count, limits: limits, into: &store)
    require(parser.position <= count, "the parser stands behind the bytes")
    guard parsed.end == .request else { return parsed }
    require(parser.position > before, "a request of no bytes")
    require(store.count > first, "a request without arguments")
    parsed.requests.append(copyArguments(of: store, from: first))
    if store.count > 40 { store.removeAll() }
  }
}

/// As the server does it with what it keeps: bytes are appended, the buffer moves, the unfinished
/// request's arguments with it.
private func parsePieces(_ pieces: [ByteView], _ limits: ParserLimits) -> Parsed {
  var parser = RequestParser()
  var store = ArgumentStore(capacity: 1)
  var parsed = Parsed()
  var held = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  var count = 0
  defer { held.deallocate() }
  for piece in pieces {
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, count + piece.count))
    moved.initialize(from: held, count: count)
    if !piece.isEmpty { (moved + count).initialize(from: piece.base, count: piece.count) }
    store.rebase(
      from: UnsafePointer(held), count: count,
      by: UnsafePointer(moved) - UnsafePointer(held))
    held.deallocate()
    held = moved
    count += piece.count
    while true {
      parsed.end = parser.next(in: held, count: count, limits: limits, into: &store)
      guard parsed.end == .request else { break }
      parsed.requests.append(copyArguments(of: store, from: 0))
      store.removeAll()
    }
    if case .failure = parsed.end { break }
  }
  return parsed
}

/// Every way into a request has a limit, and they hold.
private func checkLimits(_ parsed: Parsed, _ limits: ParserLimits) {
  // An inline argument may be longer than a bulk string; its line may not.
  let argumentMax = max(limits.bulkLengthMax, ParserLimits.lineLengthMax)
  for request in parsed.requests {
    require(request.allSatisfy { $0.count <= argumentMax }, "an argument beyond every limit")
  }
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  let choices = input.byte()
  let limits = ParserLimits(
    bulkLengthMax: choices & 2 != 0 ? 16 : 512 << 20, isUnauthenticated: choices & 1 != 0)
  let lengths = (0..<Int(input.byte() & 15)).map { _ in Int(input.byte()) }
  let stream = input.takeAll()

  let whole = withExactCopy(of: stream) { bytes in
    let once = parseWhole(bytes, stream.count, limits)
    let again = parseWhole(bytes, stream.count, limits)
    require(once == again, "parsed again: \(once) became \(again)")
    return once
  }
  checkLimits(whole, limits)

  var pieces: [ByteView] = []
  var rest = stream
  for length in lengths {
    let cut = min(length, rest.count)
    pieces.append(rest[0..<cut])
    rest = rest.dropFirst(cut)
  }
  pieces.append(rest)
  let split = parsePieces(pieces, limits)
  require(whole == split, "in one piece: \(whole), in pieces: \(split)")
  return 0
}
