/// The value of a field of a map; of an array of RESP2 as well.
func field(_ reply: Reply, _ name: String) -> Reply? {
  guard let parts = reply.elements else { return nil }
  for index in stride(from: 0, to: parts.count - 1, by: 2) where parts[index] == .text(name) {
    return parts[index + 1]
  }
  return nil
}

/// All texts and numbers of a reply, one behind the other.
func texts(_ reply: Reply) -> String {
  if let parts = reply.elements { return parts.map(texts).joined(separator: " ") }
  return reply.string ?? "\(reply)"
}
